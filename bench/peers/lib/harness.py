"""The Python twin of harness.mjs and data.mjs: the same workloads, numbers and JSON lines."""
import json
import math
import os
import resource
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKLOADS = json.load(open(os.path.join(HERE, "workloads.json")))
GATES = {"lstm": 4, "gru": 3, "peephole": 4, "layernorm": 4, "products": 4}


def uniform(seed, n, scale=1.0):
    u = np.uint64
    h = (np.arange(n, dtype=np.uint64) * u(0x9E3779B1) + u(seed) * u(0x85EBCA77)) & u(0xFFFFFFFF)
    h = ((h ^ (h >> u(16))) * u(0x85EBCA6B)) & u(0xFFFFFFFF)
    h = ((h ^ (h >> u(13))) * u(0xC2B2AE35)) & u(0xFFFFFFFF)
    h = h ^ (h >> u(16))
    return ((h.astype(np.float64) / 4294967296.0 * 2 - 1) * scale).astype(np.float32)


def cell_weights(cell, I, H, layer=0, direction=0):
    rows, scale, seed = GATES[cell] * H, 1 / math.sqrt(H), 100 * layer + 10 * direction
    return (
        uniform(seed + 1, rows * I, scale).reshape(rows, I),
        uniform(seed + 2, rows * H, scale).reshape(rows, H),
        uniform(seed + 3, rows, scale),
    )


def peepholes(H):
    return uniform(4, 3 * H, 1 / math.sqrt(H))


def head_weights(O, H):
    return uniform(901, O * H, 1 / math.sqrt(H)).reshape(O, H), np.zeros(O, np.float32)


def inputs(*shape):
    return uniform(777, int(np.prod(shape))).reshape(shape)


def targets(*shape):
    return uniform(778, int(np.prod(shape))).reshape(shape)


def flops_per_token(p):
    gates, dirs, H = GATES[p["cell"]], 2 if p.get("bidirectional") else 1, p["H"]
    widths = [p["I"] if layer == 0 else dirs * H for layer in range(p.get("layers", 1))]
    return sum(dirs * 2 * gates * H * (width + H) for width in widths)


def arg(name, default):
    return sys.argv[sys.argv.index("--" + name) + 1] if "--" + name in sys.argv else default


THREADS = int(arg("threads", "1"))
QUICK = "--quick" in sys.argv


def busy():
    """CPU seconds that the whole machine has been busy, and those of this process."""
    try:
        f = [int(v) for v in open("/proc/stat").readline().split()[1:9]]
    except OSError:
        return 0.0, 0.0
    t = os.times()
    return (sum(f) - f[3] - f[4]) / os.sysconf("SC_CLK_TCK"), t[0] + t[1]


def measure(fn, budget=1.5, warm=0.6, min_samples=5, max_samples=60):
    one, calls, start = math.inf, 0, time.perf_counter()
    while calls < 2 or time.perf_counter() - start < warm:
        t = time.perf_counter()
        fn()
        one = min(one, time.perf_counter() - t)
        calls += 1
    inner = max(1, math.ceil(0.004 / max(one, 1e-7)))
    samples, b0, c0, start = [], busy(), os.times(), time.perf_counter()

    def more():
        spent = time.perf_counter() - start
        few = len(samples) < min_samples and spent < 4 * budget
        return len(samples) < 2 or (len(samples) < max_samples and (spent < budget or few))

    while more():
        t = time.perf_counter()
        for _ in range(inner):
            fn()
        samples.append((time.perf_counter() - t) / inner * 1e3)
    c1, b1, n, wall = os.times(), busy(), len(samples) * inner, time.perf_counter() - start
    others = max(0.0, ((b1[0] - b0[0]) - (b1[1] - b0[1])) / wall)
    return dict(
        median_ms=float(np.median(samples)),
        min_ms=min(samples),
        user_ms=(c1[0] - c0[0]) * 1e3 / n,
        sys_ms=(c1[1] - c0[1]) * 1e3 / n,
        samples=len(samples),
        others=round(others, 2),
    )


def sig(x, digits=5):
    return float(f"{x:.{digits}g}") if isinstance(x, float) and math.isfinite(x) else x


def emit(row):
    print(json.dumps({k: sig(v) for k, v in row.items() if v is not None}), flush=True)


def params_of(case):
    return {k: v for k, v in case.items() if k not in ("quick", "kind")}


def chosen():
    only = arg("only", None)
    index = arg("case", None)
    for name, w in WORKLOADS.items():
        if w["kind"] == "cold" or (only and name not in only.split(",")):
            continue
        for i, c in enumerate(w["cases"]):
            if (index is None or int(index) == i) and (not QUICK or c.get("quick")):
                yield name, c.get("kind", w["kind"]), params_of(c)


def cold(peer, version, kinds):
    import_ms = (time.time() - START) * 1e3
    p = params_of(WORKLOADS["W5"]["cases"][0])
    t0 = time.perf_counter()
    run, _ = kinds["infer"](p)
    t1 = time.perf_counter()
    run()
    t2 = time.perf_counter()
    total, cpu = (time.time() - START) * 1e3, (os.times()[0] + os.times()[1]) * 1e3
    emit(
        dict(peer=peer, version=version, workload="W5", params=p, threads=THREADS, total_ms=total,
             cpu_ms=cpu, import_ms=import_ms, build_ms=(t1 - t0) * 1e3, first_ms=(t2 - t1) * 1e3)
    )


def bench(peer, version, kinds):
    """kinds: stream, infer(case) -> (run, check); train, custom(case) -> step returning the loss."""
    if "--cold" in sys.argv:
        if "infer" in kinds:
            cold(peer, version, kinds)
        return
    quick = dict(budget=0.3, warm=0.1, min_samples=3) if QUICK else {}
    for name, kind, p in chosen():
        if kind not in kinds:
            continue
        base = dict(peer=peer, version=version, workload=name, params=p, threads=THREADS)
        try:
            t0 = time.perf_counter()
            made = kinds[kind](p)
            build_ms = (time.perf_counter() - t0) * 1e3
            t0 = time.perf_counter()
            training = kind in ("train", "custom")
            if training:
                fn, check = made, [sig(float(made()), 6) for _ in range(3)]
            else:
                fn, chk = made
                check = sig(float(chk()), 6)
            first_ms = (time.perf_counter() - t0) * 1e3
            m = measure(fn, **quick)
            tokens = p.get("T", 1) * p.get("B", 1)
            flops = flops_per_token(p) * tokens * (3 if training else 1)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            emit({**base, **m, "tokens_per_s": tokens / m["median_ms"] * 1e3,
                  "gflops": flops / m["median_ms"] / 1e6, "check": check, "build_ms": build_ms,
                  "first_ms": first_ms, "peak_mb": peak})
        except Exception as e:  # a case that fails is named, and the others go on
            emit({**base, "error": str(e).split("\n")[0][:200]})


def _process_start():
    """When the process began, as Node's performance.now() counts."""
    try:
        stat = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
        ticks = float(stat[19]) / os.sysconf("SC_CLK_TCK")
        return time.time() - (float(open("/proc/uptime").read().split()[0]) - ticks)
    except OSError:
        return time.time()


START = _process_start()
