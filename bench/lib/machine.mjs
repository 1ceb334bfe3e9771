/** @file What a run was measured on. In: nothing. Out: lines that a reader needs to compare. */
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";

export const CORES = availableParallelism();

/** Libraries read some of it from the environment. */
export function machine() {
  const libraries = Object.entries(process.env)
    .filter(([name]) => /^(OPENBLAS|MKL|OMP|NVPL)_/.test(name))
    .map(([name, value]) => `${name}=${value}`);
  return {
    CPU: `${cpus()[0]?.model.trim() ?? "unknown"}, ${CORES} core${CORES > 1 ? "s" : ""}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()}`,
    node: `${process.version}, V8 ${process.versions.v8}`,
    "environment of the libraries": libraries.join(" ") || "nothing set",
    BLAS: blas(),
  };
}

/** What /usr/lib's libblas.so.3 is, where Debian has one. */
function blas() {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].filter((f) =>
    existsSync(f),
  );
  const found = folders.flatMap((f) => readdirSync(f).filter((n) => /^openblas/.test(n)));
  return found.length > 0 ? `Debian's ${found.join(", ")}` : "no OpenBLAS of Debian";
}
