/** @file Statements of one kernel. In: right-hand sides made of code. Out: lines where each value is
 *  computed once, outside every loop it does not depend on. Never moves a value out of a branch. */
import { type Code, code, lines, name, real, whole } from "./code.ts";

/** A value in the text, and the depth of the block that declares it: 0 for the kernel's own. */
export interface Atom {
  readonly code: Code;
  readonly depth: number;
}

export interface Writer {
  /** A value: w.is`${a} * ${b} + 1`. An equal one that is in sight is shared. */
  is(text: TemplateStringsArray, ...parts: readonly Atom[]): Atom;
  /** What `make` gave when `key` was last made in sight, else what it gives now. */
  shared(key: string, make: () => Atom): Atom;
  /** `yes` where the condition holds, else `no`; only the taken side's statements run. */
  either(condition: Atom, yes: () => Atom, no: () => Atom): Atom;
  /** A variable of the present block. */
  variable(start: Atom): Atom;
  assign(variable: Atom, value: Code): void;
  /** Runs `body` in a loop of `count` ≥ 1 steps; its variable is a whole number. */
  loop(count: number, body: (index: Atom) => void): void;
  text(): Code;
}

export const literal = (x: number): Atom => ({ code: real(x), depth: 0 });

interface Block {
  readonly lines: Code[];
  readonly known: Map<string, Atom>;
  /** Values may leave it for the block around it: it runs whenever that one does. */
  readonly open: boolean;
}

export function createWriter(): Writer {
  const blocks: Block[] = [{ lines: [], known: new Map(), open: false }];
  let names = 0;
  let loops = 0;

  const top = (): number => blocks.length - 1;
  const find = (key: string): Atom | undefined => {
    for (let d = top(); d >= 0; d--) {
      const atom = blocks[d]!.known.get(key);
      if (atom !== undefined) return atom;
    }
    return undefined;
  };
  const place = (parts: readonly Atom[]): number => {
    const needed = parts.reduce((depth, part) => Math.max(depth, part.depth), 0);
    let depth = top();
    while (depth > needed && blocks[depth]!.open) depth -= 1;
    return depth;
  };
  const declare = (rhs: Code, depth: number): Atom => {
    const variable = name("v", names++);
    blocks[depth]!.lines.push(code`let ${variable} = ${rhs};`);
    return { code: variable, depth };
  };
  const inside = (open: boolean, body: () => void): Code => {
    blocks.push({ lines: [], known: new Map(), open });
    body();
    return lines(blocks.pop()!.lines);
  };
  const write = (line: Code): void => {
    blocks[top()]!.lines.push(line);
  };
  const assign = (variable: Atom, value: Code): void => write(code`${variable.code} = ${value};`);

  return {
    is: (text, ...parts) => {
      const rhs = code(text, ...parts.map((part) => part.code));
      const known = find(rhs);
      if (known !== undefined) return known;
      const depth = place(parts);
      const atom = declare(rhs, depth);
      blocks[depth]!.known.set(rhs, atom);
      return atom;
    },
    shared: (key, make) => {
      const known = find(key);
      if (known !== undefined) return known;
      const atom = make();
      blocks[atom.depth]!.known.set(key, atom);
      return atom;
    },
    either: (condition, yes, no) => {
      const variable = declare(real(0), top());
      const first = inside(false, () => assign(variable, yes().code));
      const second = inside(false, () => assign(variable, no().code));
      write(code`if (${condition.code}) {\n${first}\n} else {\n${second}\n}`);
      return variable;
    },
    variable: (start) => declare(start.code, top()),
    assign,
    loop: (count, body) => {
      const index = name("i", loops++);
      const text = inside(true, () => body({ code: index, depth: top() }));
      write(code`for (let ${index} = 0; ${index} < ${whole(count)}; ${index}++) {\n${text}\n}`);
    },
    text: () => lines(blocks[0]!.lines),
  };
}
