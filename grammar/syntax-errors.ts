/** @file The parser's errors in words. In: its errors, whose messages are what was wanted, and the
 *  tokens. Out: diagnostics, one a statement, so that a mistake's echoes stay silent. Never throws. */
import { type IRecognitionException, type IToken, type TokenType, tokenMatcher } from "chevrotain";
import { CLOSERS, follow } from "./brackets.ts";
import { type Diagnostic, error, nearest } from "./diagnostic.ts";
import { type Lexed, tokenSpan } from "./lex.ts";
import type { Span } from "./span.ts";
import {
  describe,
  Identifier,
  ITEM_KEYWORDS,
  MEMBER_KEYWORDS,
  PAIRS,
  RCurly,
  SETTINGS,
} from "./tokens.ts";

export function syntaxErrors(
  errors: readonly IRecognitionException[],
  lexed: Lexed,
  end: Span,
): readonly Diagnostic[] {
  const mistakes = errors.map((e) => mistakeOf(e, lexed, end));
  const told = new Map<number, number>();
  for (const { span } of lexed.diagnostics) told.set(statementAt(lexed, span.start), span.line);
  return mistakes.flatMap((mistake) => {
    const statement = statementAt(lexed, mistake.offset);
    const line = told.get(statement);
    const echo = line !== undefined && !(mistake.betweenStatements && mistake.line > line);
    if (echo) return [];
    told.set(statement, mistake.line);
    return [diagnose(mistake)];
  });
}

interface Mistake {
  readonly wanted: string;
  /** The token that did not fit; null at the end of the file. */
  readonly got: IToken | null;
  readonly before: IToken | null;
  readonly next: IToken | null;
  readonly offset: number;
  readonly line: number;
  /** Where a statement could have started: in a file, a cell, a model or a train block. */
  readonly betweenStatements: boolean;
  readonly rule: string;
  /** Whether `got` opens or closes something else, so that it is right and what came before lacks. */
  readonly endsStatement: boolean;
  /** The innermost bracket open before `got`. */
  readonly opener: IToken | null;
  readonly file: string;
  readonly end: Span;
}

function mistakeOf(e: IRecognitionException, lexed: Lexed, end: Span): Mistake {
  const { tokens, starts } = lexed;
  const at = Number.isNaN(e.token.startOffset)
    ? tokens.length
    : tokens.findIndex((t) => t.startOffset === e.token.startOffset);
  const got = tokens[at] ?? null;
  const rule = e.context.ruleStack.at(-1) ?? "";
  return {
    wanted: e.message,
    got,
    before: tokens[at - 1] ?? null,
    next: tokens[at + 1] ?? null,
    offset: got?.startOffset ?? end.start,
    line: got?.startLine ?? end.line,
    betweenStatements: rule === "file" || (BLOCKS.has(rule) && e.message === describe(RCurly)),
    rule,
    endsStatement: got === null || starts.includes(got.startOffset),
    opener: openerBefore(tokens, at),
    file: end.file,
    end,
  };
}

const BLOCKS: ReadonlySet<string> = new Set(["body", "trainDecl"]);

/** The statement that a token belongs to, or ends by not fitting: how many started before it. */
function statementAt({ starts }: Lexed, offset: number): number {
  const after = starts.findIndex((start) => start >= offset);
  return after < 0 ? starts.length : after;
}

function openerBefore(tokens: readonly IToken[], end: number): IToken | null {
  const stack: IToken[] = [];
  for (let i = 0; i < end; i++) follow(stack, tokens[i]!);
  return stack.at(-1) ?? null;
}

function diagnose(m: Mistake): Diagnostic {
  const { got, opener } = m;
  const closer = got !== null && CLOSERS.has(got.tokenType);
  const stray = m.rule === "file" || got?.tokenType !== RCurly;
  if (closer && (opener === null || (m.betweenStatements && stray)))
    return error("E106", tokenSpan(got, m.file), `\`${got.image}\` closes nothing`, {
      label: "no bracket is open here",
      help: "remove it, or open what it should close",
    });
  const partner = opener === null ? undefined : PAIRS.get(opener.tokenType);
  if (opener !== null && partner !== undefined && m.wanted.includes(describe(partner))) {
    const other = closer && got.tokenType !== partner;
    if (other || got === null || isItem(got) || (m.endsStatement && partner !== RCurly))
      return unclosed(m, opener, describe(partner));
  }
  if (m.betweenStatements && got !== null) return notAStatement(m, got);
  return unexpected(m);
}

function unclosed(m: Mistake, opener: IToken, closer: string): Diagnostic {
  return error("E106", tokenSpan(opener, m.file), `\`${opener.image}\` is never closed`, {
    label: "opened here",
    related: [{ span: placeOf(m), message: `${closer} is missing before ${spoken(m.got)}` }],
  });
}

function notAStatement(m: Mistake, got: IToken): Diagnostic {
  const span = tokenSpan(got, m.file);
  const inFile = m.rule === "file";
  if (inFile && MEMBERS.has(got.tokenType))
    return error("E110", span, `\`${got.image}\` outside of a cell or model`, {
      label: "only whole declarations stand here",
      help: "was a `}` before it one too many?",
    });
  const inTrain = m.rule === "trainDecl";
  const keywords = inFile ? ITEM_KEYWORDS : MEMBER_KEYWORDS;
  const words = inTrain ? SETTINGS : keywords.map((type) => String(type.PATTERN));
  const meant = nearest(got.image, words);
  const sameLine = m.before?.startLine === got.startLine;
  if (!tokenMatcher(got, Identifier) || (sameLine && meant === null)) return unexpected(m);
  return error("E105", span, `\`${got.image}\` does not start a statement`, {
    label: `wanted ${inFile ? ITEM_WORDS : inTrain ? "a setting" : "a declaration"}`,
    help:
      meant !== null
        ? `did you mean \`${meant}\`?`
        : m.rule === "body"
          ? membersHelp(m, got)
          : null,
  });
}

function membersHelp({ next }: Mistake, got: IToken): string {
  if (next?.image === ":" || next?.image === ",")
    return `say what it is: \`param ${got.image}…\`, \`input ${got.image}…\` or \`state ${got.image}…\``;
  return "statements start with a keyword (`param`, `let`, …) or with `name[t] =`";
}

function unexpected(m: Mistake): Diagnostic {
  const { got, before } = m;
  const wanted = m.betweenStatements ? betweenWords(m) : m.wanted;
  if ((m.endsStatement || got === null) && before !== null && !m.betweenStatements)
    return error("E104", tokenSpan(before, m.file), `nothing follows \`${before.image}\``, {
      label: `wanted ${wanted} after this, got ${spoken(got)}`,
      help: help(m),
    });
  return error("E104", placeOf(m), `unexpected ${spoken(got)}`, {
    label: `wanted ${wanted}`,
    help: help(m),
  });
}

function betweenWords(m: Mistake): string {
  if (m.rule === "file") return ITEM_WORDS;
  return m.rule === "body" ? "an operator or the next statement" : "the next setting or `}`";
}

/** Ways out of the mistakes that people make most. */
function help({ rule, wanted, got }: Mistake): string | null {
  if (rule === "paramDecl" && wanted === "`~`")
    return "every weight's initial value is written: `~ glorot_uniform`, `~ zeros`, …";
  if (got !== null && wanted === describe(Identifier) && RESERVED.has(got.tokenType))
    return `\`${got.image}\` is a keyword; choose another name`;
  if (rule === "stateDecl" || got?.image === "~")
    return "a state's initial value follows `=`; a weight's initialiser follows `~`";
  return null;
}

const ITEM_WORDS = "`cell`, `model`, `fn`, `train` or `import`";
const MEMBERS: ReadonlySet<TokenType> = new Set(MEMBER_KEYWORDS);
const RESERVED: ReadonlySet<TokenType> = new Set([...ITEM_KEYWORDS, ...MEMBER_KEYWORDS]);
const ITEMS: ReadonlySet<TokenType> = new Set(ITEM_KEYWORDS);

function isItem(token: IToken): boolean {
  return ITEMS.has(token.tokenType);
}

function spoken(got: IToken | null): string {
  return got === null ? "the end of the file" : `\`${got.image}\``;
}

function placeOf({ got, end, file }: Mistake): Span {
  return got === null ? end : tokenSpan(got, file);
}
