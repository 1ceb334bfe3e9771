/** @file Drafts, each made once. In: a graph, the nodes stored so far. Out: the draft of a node's kernel
 *  when some more were stored, and its cost. Never decides what is stored: `partition` does. */
import { MAX_INPUTS } from "../../runtime/artifact/kernel.ts";
import type { NodeId } from "../ir/ir.ts";
import { cost } from "./cost.ts";
import { type Draft, draft, type Site } from "./draft.ts";
import { type Spared, sparedIn } from "./spared.ts";

export interface Drafts {
  /** The kernel of `root` if, beside what is stored, the nodes in `more` were. */
  of(root: NodeId, more: readonly NodeId[]): Draft;
  /** `id` is stored from now on: drafts that asked for it and went without are forgotten. Their roots. */
  store(id: NodeId): readonly NodeId[];
  costOf(d: Draft): number;
  /** What the kernel would cost less at most if it loaded `id`: no draft is made. */
  spared(d: Draft, id: NodeId): number;
  /** Work of computing `id` for one element, as the kernel does where it does least. */
  workIn(d: Draft, id: NodeId): number;
}

/** A draft, what it loads because it is in `more`, and what it would load if that were stored. */
interface Known {
  readonly draft: Draft;
  readonly when: readonly NodeId[];
  readonly without: ReadonlySet<NodeId>;
}

/** `stored` is the caller's set: what is added to it is told by `store`. */
export function createDrafts(site: Site, stored: ReadonlySet<NodeId>): Drafts {
  const byRoot = new Map<NodeId, readonly Known[]>();
  const costs = new Map<Draft, number>();
  const costOf = (d: Draft): number => {
    const known = costs.get(d) ?? cost(d);
    costs.set(d, known);
    return known;
  };
  /** Kernels that compute pieces of joins, by what they would be if they loaded them. */
  const loading = new Map<Draft, Draft>();
  const bounds = new Map<Draft, Spared>();
  const boundsOf = (d: Draft): Spared => {
    const known = bounds.get(d) ?? sparedIn(d);
    bounds.set(d, known);
    return known;
  };
  const sparedAsIs = (d: Draft, id: NodeId) => boundsOf(d).by(d.values.get(id) ?? []);
  /** The cheaper draft of two: pieces of stored joins loaded, or computed again, if that fits. */
  const made = (root: NodeId, more: readonly NodeId[]): Known => {
    const when = new Set<NodeId>();
    const without = new Set<NodeId>();
    const has = (id: NodeId): boolean => {
      if (stored.has(id)) return true;
      (more.includes(id) ? when : without).add(id);
      return more.includes(id);
    };
    const known = (chosen: Draft): Known => ({ draft: chosen, when: [...when], without });
    const viewing = draft(site, { has }, root, true);
    if (!viewing.viewing) return known(viewing);
    const whole = draft(site, { has }, root, false);
    const over = (d: Draft) => Math.max(0, d.inputs.size - MAX_INPUTS);
    const worse = over(viewing) - over(whole) || costOf(viewing) - costOf(whole);
    if (worse <= 0) return known(viewing);
    loading.set(whole, viewing);
    return known(whole);
  };
  return {
    of(root, more) {
      const all = byRoot.get(root) ?? [];
      const fits = (k: Known) =>
        k.when.every((id) => stored.has(id) || more.includes(id)) &&
        !more.some((id) => k.without.has(id));
      const found = all.find(fits);
      if (found !== undefined) return found.draft;
      const next = made(root, more);
      byRoot.set(root, [...all, next]);
      return next.draft;
    },
    store(id) {
      const roots: NodeId[] = [];
      for (const [root, all] of byRoot) {
        if (!all.some((k) => k.without.has(id))) continue;
        roots.push(root);
        byRoot.set(
          root,
          all.filter((k) => !k.without.has(id)),
        );
      }
      return roots;
    },
    costOf,
    workIn: (d, id) => Math.min(...(d.values.get(id) ?? []).map(boundsOf(d).workOf)),
    spared(d, id) {
      const asIs = sparedAsIs(d, id);
      const other = loading.get(d);
      // With one buffer in place of what `id` is made of, the other may fit.
      return other === undefined
        ? asIs
        : Math.max(asIs, costOf(d) - costOf(other) + sparedAsIs(other, id));
    },
  };
}
