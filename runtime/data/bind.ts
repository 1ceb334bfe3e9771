/** @file Prepared columns → the model's inputs and targets. In: prepared data, the artifact's inputs and
 *  targets. Out: slots, and how many steps each sample offers. Never copies data. */
import type { InputInfo } from "../artifact/artifact.ts";
import { horizonOf, targetColumns } from "./declaration.ts";
import { type DataFault, fail, fault, ok, type Result } from "./fault.ts";
import type { Field, Prepared } from "./prepare.ts";

/** One input or target of the model and the columns that make it; `horizon` is 0 for inputs. */
export interface Slot {
  readonly role: "input" | "target";
  readonly info: InputInfo;
  readonly names: readonly string[];
  readonly fields: readonly Field[];
  readonly horizon: number;
}

export interface Bound {
  readonly prepared: Prepared;
  readonly slots: readonly Slot[];
  /** The sequence that is cut, shifted and truncated: the targets', else the first input's. Null: none. */
  readonly seq: string | null;
  /** The largest horizon. */
  readonly ahead: number;
  /** Steps of each sample that have all their targets, by sequence. */
  readonly lengths: Readonly<Record<string, readonly number[]>>;
}

/** The part of an artifact that data must fit. */
export interface ModelShape {
  readonly inputs: readonly InputInfo[];
  readonly targets: readonly InputInfo[];
}

/** D107, D108, D110, D111: names, widths, lengths, tokens, and horizons that differences cannot undo. */
export function bind(prepared: Prepared, model: ModelShape): Result<Bound> {
  const { decl } = prepared;
  const faults = [
    ...unmatched("input", Object.keys(decl.inputs), model.inputs),
    ...unmatched("target", Object.keys(decl.targets), model.targets),
  ];
  if (faults.length > 0) return fail(...faults);
  const slots = [
    ...model.inputs.map((info) => slotOf(prepared, "input", info, decl.inputs[info.name]!, 0)),
    ...model.targets.map((info) => {
      const target = decl.targets[info.name]!;
      return slotOf(prepared, "target", info, targetColumns(target), horizonOf(decl, target));
    }),
  ];
  const wrong = slots.flatMap((slot) => [...misfits(slot, prepared), ...irreversible(slot)]);
  if (wrong.length > 0) return fail(...wrong);
  const targets = slots.filter((s) => s.role === "target");
  const inputs = slots.filter((s) => s.role === "input");
  const seq = [...targets, ...inputs].find((s) => s.info.seq !== null)?.info.seq ?? null;
  const ahead = Math.max(0, ...targets.map((s) => s.horizon));
  const symbols = [...new Set(slots.flatMap((s) => (s.info.seq === null ? [] : [s.info.seq])))];
  if (decl.samples.kind !== "records" && symbols.length > 1)
    return fail(
      fault(
        "D108",
        `the model has sequences of lengths ${symbols.join(", ")}, and these data one`,
        {
          help: 'use "records", whose lists have lengths of their own',
        },
      ),
    );
  const uneven = symbols.flatMap((symbol) => unevenLengths(symbol, slots, prepared.samples));
  if (uneven.length > 0) return fail(...uneven);
  const lengths = Object.fromEntries(
    symbols.map((symbol) => {
      const field = slots.find((s) => s.info.seq === symbol)!.fields[0]!;
      const lost = symbol === seq ? ahead : 0;
      return [symbol, stepCounts(field).map((n) => Math.max(0, n - lost))];
    }),
  );
  return ok({ prepared, slots, seq, ahead, lengths });
}

export function stepCounts(field: Field): number[] {
  return field.starts.slice(1).map((end, s) => end - field.starts[s]!);
}

function slotOf(
  prepared: Prepared,
  role: Slot["role"],
  info: InputInfo,
  names: readonly string[],
  horizon: number,
): Slot {
  const fields = names.map((name) => prepared.columns.get(name)!);
  return { role, info, names, fields, horizon };
}

function unmatched(
  role: Slot["role"],
  declared: readonly string[],
  wanted: readonly InputInfo[],
): DataFault[] {
  const names = wanted.map((info) => info.name);
  const list = names.length === 0 ? "none" : names.join(", ");
  const missing = names.filter((name) => !declared.includes(name));
  const extra = declared.filter((name) => !names.includes(name));
  return [
    ...missing.map((name) =>
      fault("D108", `the model's ${role} \`${name}\` has no columns`, {
        help: `add it to "${role}s" of the data declaration`,
      }),
    ),
    ...extra.map((name) =>
      fault("D108", `the model has no ${role} \`${name}\``, { help: `its ${role}s are ${list}` }),
    ),
  ];
}

function misfits(slot: Slot, prepared: Prepared): DataFault[] {
  const { info, role, names } = slot;
  const faults: DataFault[] = [];
  const report = (message: string, help: string): void => {
    faults.push(
      fault("D108", `${role} \`${info.name}\` ${message}`, { column: names.join(", "), help }),
    );
  };
  const wanted = info.shape.reduce((p, e) => p * e, 1);
  const got = slot.fields.reduce((sum, field) => sum + field.width, 0);
  if (got !== wanted)
    report(
      `takes ${wanted} numbers a step, and its columns give ${got}`,
      "name as many columns as the input has features, or set the model's dims to the data",
    );
  const records = prepared.decl.samples.kind === "records";
  const lists = slot.fields.some((f) => stepCounts(f).some((n) => n !== 1));
  if (records && info.seq === null && lists)
    report(
      "is one vector a sample, and its column holds lists of steps",
      'add "vector": true to the column, or make the input a sequence',
    );
  if (slot.horizon > 0 && records && info.seq === null)
    report("has a horizon, and one vector a sample has no next step", "take its horizon off");
  if (info.of === null && slot.fields.some((f) => f.fitted.kind === "category"))
    report(
      "takes numbers, and its column is a category",
      "declare the input as tokens: `[T] of V`",
    );
  if (info.of !== null) faults.push(...tokensOutOfRange(slot, info.of));
  return faults;
}

function tokensOutOfRange({ info, role, names, fields }: Slot, of: number): DataFault[] {
  return fields.flatMap((field, i) => {
    if (field.fitted.kind === "category") {
      const count = field.fitted.tokens.length;
      if (count <= of) return [];
      const message = `the vocabulary has ${count} tokens; ${role} \`${info.name}\` takes ${of}`;
      const help = `compile the model with ${count} classes, or give the column "limit": ${of}`;
      return [fault("D110", message, { column: names[i]!, help })];
    }
    const bad = field.data.find((v) => !Number.isInteger(v) || v < 0 || v >= of);
    if (bad === undefined) return [];
    const message = `${bad} is not a token: ${role} \`${info.name}\` takes whole numbers from 0 to ${of - 1}`;
    const help = "number the classes from 0, compile with more, or make the column a category";
    return [fault("D110", message, { column: names[i]!, help })];
  });
}

/**
 * A forecast of x[t+h] − x[t+h−k] gives x[t+h] only where x[t+h−k] is known at t: h ≤ k.
 */
function irreversible({ role, info, names, fields, horizon }: Slot): DataFault[] {
  if (role === "input") return [];
  return fields.flatMap(({ fitted }, i) => {
    const k = fitted.kind === "number" ? fitted.difference : 0;
    if (k === 0 || horizon <= k) return [];
    return [
      fault(
        "D111",
        `target \`${info.name}\` is ${horizon} steps ahead, and a difference over ${k} needs a value in between`,
        { column: names[i]!, help: `take the difference over at least ${horizon} steps` },
      ),
    ];
  });
}

function unevenLengths(symbol: string, slots: readonly Slot[], samples: number): DataFault[] {
  const here = slots.filter((s) => s.info.seq === symbol);
  const all = here.flatMap((s) => s.fields.map((field, i) => ({ field, name: s.names[i]! })));
  const counts = all.map(({ field }) => stepCounts(field));
  for (let s = 0; s < samples; s++) {
    const odd = counts.findIndex((c) => c[s] !== counts[0]![s]);
    if (odd < 0) continue;
    const message = `sample ${s} has ${counts[odd]![s]} steps of ${all[odd]!.name}, and ${counts[0]![s]} of ${all[0]!.name}`;
    return [
      fault("D107", message, {
        column: all[odd]!.name,
        help: `what varies over ${symbol} has the same steps in each sample`,
      }),
    ];
  }
  return [];
}
