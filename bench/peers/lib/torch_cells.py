"""Cells that PyTorch has no kernel for, as its users write them: a loop over steps of one packed product
and elementwise operations, the input's product before the loop. Each compiles under torch.jit.script.
Equations: specs/cells/peephole.cell, specs/cells/layer-norm-lstm.cell; gates packed i, f, g, o."""
from typing import List

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from harness import peepholes


def peephole(x: Tensor, wih: Tensor, whh: Tensor, b: Tensor, p: Tensor) -> Tensor:
    gx = F.linear(x, wih, b)
    h = torch.zeros(x.size(1), whh.size(1))
    c = torch.zeros_like(h)
    p_i, p_f, p_o = p.chunk(3)
    ys: List[Tensor] = []
    for t in range(x.size(0)):
        i, f, g, o = torch.addmm(gx[t], h, whh.t()).chunk(4, 1)
        i = torch.sigmoid(i + p_i * c)
        f = torch.sigmoid(f + p_f * c)
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(o + p_o * c) * torch.tanh(c)
        ys.append(h)
    return torch.stack(ys)


def layernorm(x: Tensor, wih: Tensor, whh: Tensor, b: Tensor, gain_x: Tensor, bias_x: Tensor,
              gain_h: Tensor, bias_h: Tensor, gain_c: Tensor, bias_c: Tensor) -> Tensor:
    H = whh.size(1)
    gx = F.layer_norm(F.linear(x, wih).view(x.size(0), x.size(1), 4, H), [H])
    gx = gx * gain_x + bias_x + b.view(4, H)
    h = torch.zeros(x.size(1), H)
    c = torch.zeros_like(h)
    ys: List[Tensor] = []
    for t in range(x.size(0)):
        gh = F.layer_norm(F.linear(h, whh).view(-1, 4, H), [H]) * gain_h + bias_h
        i, f, g, o = (gx[t] + gh).unbind(1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(F.layer_norm(c, [H], gain_c, bias_c))
        ys.append(h)
    return torch.stack(ys)


def norms(H):
    one, zero = lambda *s: np.ones(s, np.float32), lambda *s: np.zeros(s, np.float32)
    return one(4, H), zero(4, H), one(4, H), zero(4, H), one(H), zero(H)


# By name: the loop, and the parameters beside weights and bias for a size H.
CELLS = {"peephole": (peephole, lambda H: (peepholes(H),)), "layernorm": (layernorm, norms)}
