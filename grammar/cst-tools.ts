/** @file Reading concrete syntax. In: nodes and tokens of chevrotain. Out: their order, their places,
 *  whether they are whole. Throws only where a node that was found whole lacks a part: our bug. */
import type { CstElement, CstNode, IToken } from "chevrotain";
import type { Name } from "./ast.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { tokenSpan } from "./lex.ts";
import type { Span } from "./span.ts";

/** What building the tree of one file needs. */
export interface Context {
  readonly file: string;
  readonly report: (d: Diagnostic) => void;
  /** Whether `labels: [T]` may stand among arguments: inside a loss. */
  readonly targets: boolean;
}

/** The one child of its kind in a whole node. */
export function only<T>(children: readonly T[] | undefined): T {
  const [child] = children ?? [];
  if (child === undefined) throw new Error("a whole syntax node lacks a part");
  return child;
}

/** Whether recovery invented or cut anything in it. */
export function isWhole(node: CstNode): boolean {
  return (
    node.recoveredNode !== true &&
    Object.values(node.children).every((list) => list.every((child) => isWholeElement(child)))
  );
}

function isWholeElement(child: CstElement): boolean {
  return "children" in child ? isWhole(child) : child.isInsertedInRecovery !== true;
}

export function spanOf(node: CstNode, { file }: Context): Span {
  const at = node.location;
  if (at === undefined) throw new Error("a syntax node lacks its place");
  return {
    file,
    start: at.startOffset,
    end: at.endOffset! + 1,
    line: at.startLine!,
    column: at.startColumn!,
  };
}

/** Tokens of several kinds in the order of the text: the operators between operands. */
export function inTextOrder(
  ...lists: readonly (readonly IToken[] | undefined)[]
): readonly IToken[] {
  return lists.flatMap((list) => list ?? []).sort((a, b) => a.startOffset - b.startOffset);
}

export function nodesInTextOrder<T extends CstNode>(
  ...lists: readonly (readonly T[] | undefined)[]
): readonly T[] {
  const start = (node: T): number => node.location?.startOffset ?? 0;
  return lists.flatMap((list) => list ?? []).sort((a, b) => start(a) - start(b));
}

export function nameOf(token: IToken, { file }: Context): Name {
  return { text: spelling(token), span: tokenSpan(token, file) };
}

/** A name as the tree spells it: ASCII. */
export function spelling(token: IToken): string {
  return token.image === "σ" ? "sigmoid" : token.image;
}
