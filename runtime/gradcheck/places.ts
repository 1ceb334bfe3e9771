/** @file Which equations read a tensor. In: an artifact, a store name. Out: places in the spec. */
import type { Artifact } from "../artifact/artifact.ts";
import type { BufferId, Expr, Kernel, Program } from "../artifact/kernel.ts";
import { type Place, placeAt } from "../artifact/place.ts";

/** Of the forward pass, in its order; of the tensor's declaration where no equation is known. */
export function placesOf(artifact: Artifact, store: string): readonly Place[] {
  const program = artifact.programs.forward;
  const input = program.inputs.find(({ name }) => name === store);
  const found = new Set(input === undefined ? [] : readers(program, input.buffer));
  if (found.size === 0) {
    const declared = [...artifact.params, ...artifact.inputs, ...artifact.states];
    const name = store.slice(store.indexOf(":") + 1);
    for (const { name: other, place } of declared) if (other === name) found.add(place);
  }
  return [...found].map((i) => placeAt(artifact, i));
}

/** Places of the kernels that load the buffer, or what `prepare` or a scan makes of it alone. */
function readers(program: Program, buffer: BufferId): readonly number[] {
  const same = new Set([buffer]);
  const places: number[] = [];
  const visit = (kernel: Kernel, copies: boolean): void => {
    const reads = [kernel.value, ...kernel.reductions.map((r) => r.of)].some((e) => loads(e, same));
    if (!reads) return;
    places.push(...kernel.places);
    if (copies) same.add(kernel.out);
  };
  for (const stage of program.prepare) if (stage.kind === "kernel") visit(stage.kernel, true);
  for (const stage of program.stages) {
    if (stage.kind === "kernel") {
      visit(stage.kernel, false);
      continue;
    }
    for (const { local, of } of stage.slices) if (same.has(of)) same.add(local);
    for (const { local, init } of stage.carries) if (same.has(init)) same.add(local);
    for (const kernel of stage.kernels) visit(kernel, false);
  }
  return places;
}

function loads(expr: Expr, buffers: ReadonlySet<BufferId>): boolean {
  if ("load" in expr) return buffers.has(expr.load) || expr.at.some((e) => loads(e, buffers));
  return "call" in expr && expr.args.some((e) => loads(e, buffers));
}
