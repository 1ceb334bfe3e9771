"""PyTorch, eager: nn.LSTM and nn.GRU; cells of its own as a loop over steps, and as a script of it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness as h  # noqa: E402
import torch  # noqa: E402
from torch_cells import CELLS  # noqa: E402

torch.set_num_threads(h.THREADS)
T_ = torch.from_numpy


def load_layer(net, p):
    dirs = 2 if p.get("bidirectional") else 1
    with torch.no_grad():
        for layer in range(p.get("layers", 1)):
            for d in range(dirs):
                width = p["I"] if layer == 0 else dirs * p["H"]
                wih, whh, b = h.cell_weights(p["cell"], width, p["H"], layer, d)
                s = f"_l{layer}" + ("_reverse" if d else "")
                getattr(net, "weight_ih" + s).copy_(T_(wih))
                getattr(net, "weight_hh" + s).copy_(T_(whh))
                getattr(net, "bias_ih" + s).copy_(T_(b))
                getattr(net, "bias_hh" + s).zero_()
    return net


def make(p):
    cls = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[p["cell"]]
    both = p.get("bidirectional", False)
    return load_layer(cls(p["I"], p["H"], num_layers=p.get("layers", 1), bidirectional=both), p)


def stream(p):
    # nn.LSTMCell: nn.LSTM on a sequence of one step is slower in most versions.
    lstm, H = p["cell"] == "lstm", p["H"]
    wih, whh, b = h.cell_weights(p["cell"], p["I"], H)
    cell = (torch.nn.LSTMCell if lstm else torch.nn.GRUCell)(p["I"], H)
    with torch.no_grad():
        cell.weight_ih.copy_(T_(wih))
        cell.weight_hh.copy_(T_(whh))
        cell.bias_ih.copy_(T_(b))
        cell.bias_hh.zero_()
    x = T_(h.inputs(1, p["I"]))

    def zero():
        return (torch.zeros(1, H), torch.zeros(1, H)) if lstm else torch.zeros(1, H)

    state = [zero()]

    def step():
        with torch.inference_mode():
            state[0] = cell(x, state[0])

    def check():
        state[0] = zero()
        for _ in range(10):
            step()
        return (state[0][0] if lstm else state[0]).abs().mean()

    return step, check


def infer(p):
    net, x = make(p).eval(), T_(h.inputs(p["T"], p["B"], p["I"]))

    def run():
        with torch.inference_mode():
            return net(x)[0]

    return run, lambda: run().abs().mean()


def head_of(p):
    head = torch.nn.Linear(p["H"] * (2 if p.get("bidirectional") else 1), p["O"])
    w, b = h.head_weights(p["O"], head.in_features)
    with torch.no_grad():
        head.weight.copy_(T_(w))
        head.bias.copy_(T_(b))
    return head


def step_of(p, forward, params):
    """One update with Adam; `forward` maps [T, B, I] to [T, B, H]."""
    head = head_of(p)
    opt = torch.optim.Adam([*params, *head.parameters()], lr=1e-3)
    x, y = T_(h.inputs(p["T"], p["B"], p["I"])), T_(h.targets(p["T"], p["B"], p["O"]))

    def step():
        opt.zero_grad(set_to_none=True)
        loss = torch.nn.functional.mse_loss(head(forward(x)), y)
        loss.backward()
        opt.step()
        return loss.item()

    return step


def train(p):
    net = make(p)
    return step_of(p, lambda x: net(x)[0], net.parameters())


def custom(script):
    def kind(p):
        loop, extra = CELLS[p["cell"]]
        params = [torch.nn.Parameter(T_(a)) for a in (*h.cell_weights(p["cell"], p["I"], p["H"]), *extra(p["H"]))]
        run = torch.jit.script(loop) if script else loop
        return step_of(p, lambda x: run(x, *params), params)

    return kind


if "--loop" in sys.argv:
    h.bench("pytorch loop", torch.__version__, dict(custom=custom(False)))
elif "--script" in sys.argv:
    h.bench("pytorch jit.script", torch.__version__, dict(custom=custom(True)))
else:
    h.bench("pytorch", torch.__version__, dict(stream=stream, infer=infer, train=train))
