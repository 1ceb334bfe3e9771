/** @file What a run measures, in which order. In: options, peers, workloads. Out: jobs, a process each. Peers
 *  take turns within a workload, so that those compared are measured close together, and another one
 *  begins each round. Pure. */

/** Spawns of one cold start a round: each is short. */
const COLD = 3;

/**
 * A job: { workload, peer, threads, args, cold, round, limit }. `limit` is in seconds.
 * Growth (W7) has a process a case, for its peak of memory, in the first round alone.
 */
export function planOf({ peers, workloads, only, threads, rounds, quick }) {
  const names = Object.keys(workloads).filter((w) => only === null || only.includes(w));
  const jobs = [];
  // --quick has no time for a second thread but where a target asks for it.
  const few = (peer, workload) => quick && !(peer.group === "cellc" && /^W[23]$/.test(workload));
  const threadsOf = (peer, workload) =>
    peer.threads.filter((t) => threads.includes(t) && (t === 1 || !few(peer, workload)));
  for (let round = 0; round < rounds; round++)
    for (const workload of names) {
      const { kind, cases } = workloads[workload];
      const mine = peers.filter(
        (p) => p.workloads.includes(workload) && round < (p.rounds ?? rounds),
      );
      const turn = round % Math.max(1, mine.length);
      for (const peer of [...mine.slice(turn), ...mine.slice(0, turn)])
        for (const t of threadsOf(peer, workload)) {
          const job = { workload, peer, threads: t, round, cold: kind === "cold" };
          const args = ["--threads", String(t), ...(quick ? ["--quick"] : [])];
          if (kind === "cold") {
            if (t !== 1) continue;
            for (let i = 0; i < (quick ? 1 : COLD); i++)
              jobs.push({ ...job, args: ["--cold"], limit: 120 });
          } else if (workload === "W7") {
            if (round > 0 || t !== 1) continue;
            for (const [i, c] of cases.entries())
              if (!quick || c.quick)
                jobs.push({
                  ...job,
                  args: [...args, "--only", workload, "--case", String(i)],
                  limit: 120,
                });
          } else {
            jobs.push({ ...job, args: [...args, "--only", workload], limit: quick ? 45 : 600 });
          }
        }
    }
  return jobs;
}
