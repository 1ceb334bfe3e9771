"""Matrix products as the BLAS under this PyTorch does them: the peak, and an LSTM's shapes. Best of many."""
import json
import os
import sys
import time

import torch

threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
torch.set_num_threads(threads)
name = "mkl" if torch.backends.mkl.is_available() else "openblas"
SHAPES = {
    "1024³": (1024, 1024, 1024),
    "recurrent step [32, 128] × [128, 512]": (32, 128, 512),
    "recurrent step [32, 256] × [256, 1024]": (32, 256, 1024),
    "input projection [2048, 128] × [128, 512]": (2048, 128, 512),
}
for label, (M, K, N) in SHAPES.items():
    a, b, out = torch.rand(M, K), torch.rand(K, N), torch.empty(M, N)
    torch.mm(a, b, out=out)
    best = 1e9
    reps = max(1, int(1e8 / (2 * M * K * N)))
    for _ in range(8 if "--quick" in sys.argv else 30):
        t = time.perf_counter()
        for _ in range(reps):
            torch.mm(a, b, out=out)
        best = min(best, (time.perf_counter() - t) / reps)
    limit = f"torch.mm ({name}, torch {torch.__version__})"
    gflops = round(2 * M * K * N / best / 1e9, 1)
    print(json.dumps({"limit": limit, "shape": label, "threads": threads, "gflops": gflops}), flush=True)
