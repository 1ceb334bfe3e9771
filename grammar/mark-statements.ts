/** @file Finds where statements start. In: tokens. Out: the same tokens, names that open a statement
 *  retyped, so that the parser ends every expression there and recovers there; and all the starts.
 *  Never changes what a correct text means: `name[t] =` and a setting's key can stand nowhere else. */
import { type IToken, type TokenType, tokenMatcher } from "chevrotain";
import { CLOSERS, follow } from "./brackets.ts";
import * as T from "./tokens.ts";

export interface Marked {
  readonly tokens: readonly IToken[];
  /** Offsets, ascending, of the tokens that open an item, a member or a setting, or close a block. */
  readonly starts: readonly number[];
}

export function markStatements(tokens: readonly IToken[]): Marked {
  const marked: IToken[] = [];
  const starts: number[] = [];
  /** What the item's braces hold; null between items and in what has no block. */
  let block: "members" | "settings" | null = null;
  /** Whether those braces are open; other brackets open inside them. */
  let open = false;
  let brackets: IToken[] = [];
  let statement: TokenType | null = null;

  const opens = (i: number): TokenType | null => {
    const token = tokens[i]!;
    if (isKeyword(tokens, i, T.ITEM_KEYWORDS)) return token.tokenType;
    if (block === "members" && isKeyword(tokens, i, T.MEMBER_KEYWORDS)) return token.tokenType;
    if (!open) return null;
    if (block === "settings") return isKey(token, marked[i - 1], brackets) ? T.SettingKey : null;
    const before = tokens[i - 1]!;
    const declared = before.startOffset === starts.at(-1) || before.tokenType === T.Dot;
    const listed = statement === T.Output && before.tokenType === T.Comma;
    if (!isName(token) || declared || listed) return null;
    const outside = brackets.length === 0 && before.tokenType !== T.Comma;
    return (outside && tokens[i + 1]?.tokenType === T.Equal) || isIndexedTarget(tokens, i)
      ? T.StatementName
      : null;
  };

  for (const [i, token] of tokens.entries()) {
    const type = opens(i);
    if (type !== null) {
      statement = type;
      brackets = [];
      open = !ITEMS.has(type); // where a member stands, a missing `{` was meant
      if (!open) block = type === T.Train ? "settings" : WITH_MEMBERS.has(type) ? "members" : null;
    }
    marked.push(type === null ? token : retype(token, type));
    if (type !== null) starts.push(token.startOffset);
    else if (block !== null && !open) open = token.tokenType === T.LCurly;
    else if (!follow(brackets, token) && token.tokenType === T.RCurly) {
      if (open) starts.push(token.startOffset);
      open = false;
      block = null;
    }
  }
  return { tokens: marked, starts };
}

const ITEMS: ReadonlySet<TokenType> = new Set(T.ITEM_KEYWORDS);
const WITH_MEMBERS: ReadonlySet<TokenType> = new Set([T.Cell, T.Model]);
const NAMES_OF_SETTINGS: readonly string[] = T.SETTINGS;

function isName(token: IToken): boolean {
  return tokenMatcher(token, T.Identifier);
}

/** A keyword that is not a word in another role: `memory = enc`, `.state`, `{ state: … }`, `const(0.5)`. */
function isKeyword(tokens: readonly IToken[], i: number, among: readonly TokenType[]): boolean {
  const type = tokens[i]!.tokenType;
  if (!among.includes(type) || tokens[i - 1]?.tokenType === T.Dot) return false;
  const next = tokens[i + 1]?.tokenType;
  return next !== T.Equal && next !== T.Colon && !(type === T.Const && next === T.LParen);
}

/** `h [ … ] =`, at most a few tokens between the brackets: `h[t] =`, and the mistake `h[t-1] =`. */
function isIndexedTarget(tokens: readonly IToken[], i: number): boolean {
  if (tokens[i + 1]?.tokenType !== T.LSquare) return false;
  for (let j = i + 2; j <= i + 5; j++)
    if (tokens[j]?.tokenType === T.RSquare) return tokens[j + 1]?.tokenType === T.Equal;
  return false;
}

/**
 * A name where the setting before it can only be over. Inside brackets, which may have been left
 * open, and after what could still go on, only a known key.
 */
function isKey(token: IToken, before: IToken | undefined, brackets: readonly IToken[]): boolean {
  if (!isName(token) || before === undefined) return false;
  const known = NAMES_OF_SETTINGS.includes(token.image);
  if (before.tokenType === T.SettingKey || before.tokenType === T.Greater) return known;
  const over =
    tokenMatcher(before, T.Word) ||
    before.tokenType === T.NumberLiteral ||
    CLOSERS.has(before.tokenType);
  if (brackets.length > 0) return over && known;
  return over || before.tokenType === T.LCurly;
}

function retype(token: IToken, type: TokenType): IToken {
  return type === token.tokenType
    ? token
    : { ...token, tokenType: type, tokenTypeIdx: type.tokenTypeIdx! };
}
