// @ts-check
/** @file Are a peer's numbers right? In: a sample, the agreed values of its case. Out: "ok", "ok (variant)",
 *  "wrong: …", or why nothing can be said. Pure. The values are those on which PyTorch and ONNX Runtime
 *  agree; a variant is another architecture under the same name. */

/** Relative: what another order of sums, another exp, another epsilon in Adam explain. An update moves the
 *  losses here by 1e-3, so a wrong one shows. */
const TOLERANCE = 5e-5;

/**
 * @typedef {number | readonly number[]} Check
 * @typedef {object} Agreed
 * @property {string} workload
 * @property {Readonly<Record<string, unknown>>} params A subset of the case's.
 * @property {Check} value
 * @property {number=} sure How many of the values float32 determines; left out, all.
 * @property {Readonly<Record<string, Check>>=} variants
 */

/**
 * @param {{ workload: string, params: Readonly<Record<string, unknown>>, check?: Check | null | undefined, note?: string | undefined }} sample
 * @param {readonly Agreed[]} table
 * @returns {string}
 */
export function checkedBy(sample, table) {
  const { workload, params, check } = sample;
  if (check === undefined || check === null) return "no value to compare";
  if (![check].flat().every(Number.isFinite))
    return `wrong: ${JSON.stringify(check)} is not finite`;
  if (sample.note?.includes("own weights")) return "own weights: finite";
  const agreed = table.find(
    (a) => a.workload === workload && Object.entries(a.params).every(([k, v]) => params[k] === v),
  );
  if (agreed === undefined) return "no value agreed";
  const sure = [check].flat().slice(0, agreed.sure);
  if (close(sure, [agreed.value].flat().slice(0, agreed.sure))) return "ok";
  const variant = Object.entries(agreed.variants ?? {}).find(([, value]) => close(check, value));
  if (variant !== undefined) return `ok (${variant[0]})`;
  return `wrong: ${JSON.stringify(check)}, ${JSON.stringify(agreed.value)} is agreed`;
}

/**
 * A slow peer may give fewer losses.
 * @param {Check} got
 * @param {Check} want
 */
function close(got, want) {
  const [g, w] = [[got].flat(), [want].flat()];
  return (
    g.length > 0 &&
    g.length <= w.length &&
    g.every((x, i) => Math.abs(x - Number(w[i])) <= TOLERANCE * Math.abs(Number(w[i])))
  );
}
