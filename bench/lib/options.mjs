/** @file The command line of `npm run bench`. In: arguments. Out: options, or what is wrong with them. */
import { parseArgs } from "node:util";

export const HELP = `Usage: npm run bench -- [options]

Measures cellc and its peers in turn, in one run, and writes bench/results.json and bench/RESULTS.md.
Peers are installed in bench/.installs at the first run: never a dependency of this package.

  --quick          few cases, short samples, one round: 3 minutes once the peers are installed
  --only W1,W3     these workloads: W1 … W7, products, limits, threads, sizes, compile,
                   streaming, backends
  --peers a,b      these peers beside cellc; "none" for cellc alone
  --threads 1,2    these numbers of threads (default: 1 and 2, as many as there are cores)
  --rounds N       rounds of every workload (default 3; with --quick 1)
  --out DIR        where to write (default: bench)
  --no-install     measure the peers that are installed, and name the others
  --help           this text

Ctrl-C ends the run and keeps what was measured. Exit codes: 0 measured; 1 cellc failed or gave wrong
numbers in a case (missed targets and failing peers are in the results, no error); 2 wrong usage; 130 Ctrl-C.
`;

/** What is measured beside the workloads. */
export const EXTRAS = ["limits", "threads", "sizes", "compile", "streaming", "backends"];

/**
 * { options } or { wrong }: one sentence. `known`: names of workloads and of peers.
 */
export function optionsOf(argv, known, cores) {
  let values;
  try {
    ({ values } = parseArgs({
      args: argv,
      options: {
        quick: { type: "boolean", default: false },
        only: { type: "string" },
        peers: { type: "string" },
        threads: { type: "string" },
        rounds: { type: "string" },
        out: { type: "string" },
        "no-install": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return { wrong: error.message };
  }
  const list = (text) => text?.split(",").map((s) => s.trim()) ?? null;
  const only = list(values.only);
  const peers = values.peers === "none" ? [] : list(values.peers);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  const threads = (list(values.threads) ?? ["1", "2"]).map(Number);
  const all = [...known.workloads, ...EXTRAS];
  const strange = (names, from) => names?.find((n) => !from.includes(n));
  const workload = strange(only, all);
  if (workload !== undefined)
    return { wrong: `no workload ${workload}; there are ${all.join(", ")}` };
  const peer = strange(peers, known.peers);
  if (peer !== undefined) return { wrong: `no peer ${peer}; there are ${known.peers.join(", ")}` };
  if (!Number.isInteger(rounds) || rounds < 1)
    return { wrong: `--rounds ${values.rounds}: a whole number from 1` };
  if (threads.some((t) => t !== 1 && t !== 2)) return { wrong: "--threads: 1, 2 or 1,2" };
  return {
    options: {
      only,
      peers,
      rounds,
      quick: values.quick,
      help: values.help,
      install: !values["no-install"],
      threads: threads.filter((t) => t <= cores),
      leftOut: threads.filter((t) => t > cores),
      out: values.out ?? null,
    },
  };
}
