/** @file The words of the language. In: nothing. Out: every token type, in the order the lexer tries
 *  them, and their names for people. Never a meaning: that is the parser's. */
import { createToken, EOF, Lexer, type TokenType } from "chevrotain";

/** Anything spelled like a name, keywords included: names of arguments and of what follows a dot. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA });

export const Identifier = createToken({
  name: "Identifier",
  pattern: /[A-Za-z_]\w*/,
  categories: [Word],
});

/** `σ`, as papers write it; the tree says `sigmoid`. */
export const Sigma = createToken({ name: "Sigma", pattern: /σ(?!\w)/, categories: [Identifier] });

/**
 * Never matched by the lexer: `mark-statements.ts` gives these to the names that open a statement,
 * `h` in `h[t] = …` and `batch` in `batch 32`. Being no Identifier, they end every expression.
 */
export const StatementName = createToken({ name: "StatementName", pattern: Lexer.NA });
export const SettingKey = createToken({ name: "SettingKey", pattern: Lexer.NA });

const reserved = (word: string): TokenType =>
  createToken({
    name: `${word[0]!.toUpperCase()}${word.slice(1)}`,
    pattern: word,
    longer_alt: Identifier,
    categories: [Word],
  });

/** A keyword where one is expected, a name everywhere else. */
const contextual = (word: string): TokenType =>
  createToken({
    name: `${word[0]!.toUpperCase()}${word.slice(1)}`,
    pattern: word,
    longer_alt: Identifier,
    categories: [Identifier],
  });

export const Import = reserved("import");
export const Cell = reserved("cell");
export const Fn = reserved("fn");
export const Model = reserved("model");
export const Train = reserved("train");
export const Input = reserved("input");
export const Memory = reserved("memory");
export const State = reserved("state");
export const Param = reserved("param");
export const Const = reserved("const");
export const Gate = reserved("gate");
export const Let = reserved("let");
export const Output = reserved("output");
export const From = contextual("from");
export const Extends = contextual("extends");
export const Of = contextual("of");
export const Learn = contextual("learn");

/** What opens an item of a file, and what opens a member of a cell or model. */
export const ITEM_KEYWORDS = [Import, Fn, Cell, Model, Train] as const;
export const MEMBER_KEYWORDS = [Input, Memory, State, Param, Const, Gate, Let, Output] as const;

/** Anything that starts like a number; `lex.ts` tells the well-formed ones. */
export const NumberLiteral = createToken({
  name: "NumberLiteral",
  pattern: /(?:\d|\.\d)(?:[eE][+-]|[\w.])*/,
});
/** Up to the closing quote or the end of the line; `lex.ts` tells which. */
export const StringLiteral = createToken({ name: "StringLiteral", pattern: /"[^"\n\r]*"?/ });

const symbol = (name: string, pattern: string | RegExp): TokenType =>
  createToken({ name, pattern });

export const Arrow = symbol("Arrow", "->");
export const EqualEqual = symbol("EqualEqual", "==");
export const NotEqual = symbol("NotEqual", "!=");
export const LessEqual = symbol("LessEqual", "<=");
export const GreaterEqual = symbol("GreaterEqual", ">=");
export const Less = symbol("Less", "<");
export const Greater = symbol("Greater", ">");
export const Equal = symbol("Equal", "=");
export const Plus = symbol("Plus", "+");
export const Minus = symbol("Minus", "-");
/** `⊙` and `·` are read as the elementwise product too. */
export const Star = symbol("Star", /[*⊙·]/);
export const Slash = symbol("Slash", "/");
export const At = symbol("At", "@");
export const Caret = symbol("Caret", "^");
export const Pipe = symbol("Pipe", "|");
export const Tilde = symbol("Tilde", "~");
export const Colon = symbol("Colon", ":");
export const Comma = symbol("Comma", ",");
export const Dot = symbol("Dot", ".");
export const LParen = symbol("LParen", "(");
export const RParen = symbol("RParen", ")");
export const LSquare = symbol("LSquare", "[");
export const RSquare = symbol("RSquare", "]");
export const LCurly = symbol("LCurly", "{");
export const RCurly = symbol("RCurly", "}");

/** Opening bracket type → its closing one. */
export const PAIRS: ReadonlyMap<TokenType, TokenType> = new Map([
  [LParen, RParen],
  [LSquare, RSquare],
  [LCurly, RCurly],
]);

const Space = createToken({
  name: "Space",
  pattern: /\s+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
const Comment = createToken({ name: "Comment", pattern: /\/\/[^\n\r]*/, group: "comments" });
/** Not of the language; taken whole so that it is one mistake. */
const BlockComment = createToken({
  name: "BlockComment",
  pattern: /\/\*[\s\S]*?\*\//,
  group: "blocks",
  line_breaks: true,
});

export const TOKENS: readonly TokenType[] = [
  ...[Space, Comment, BlockComment, Word, StatementName, SettingKey],
  ...[...ITEM_KEYWORDS, ...MEMBER_KEYWORDS, From, Extends, Of, Learn],
  ...[Identifier, Sigma, NumberLiteral, StringLiteral],
  ...[Arrow, EqualEqual, NotEqual, LessEqual, GreaterEqual, Less, Greater, Equal],
  ...[Plus, Minus, Star, Slash, At, Caret, Pipe, Tilde, Colon, Comma, Dot],
  ...[LParen, RParen, LSquare, RSquare, LCurly, RCurly],
];

/** What an error message calls a token that was wanted. */
export function describe(type: TokenType): string {
  switch (type) {
    case EOF:
      return "the end of the file";
    case Identifier:
    case Word:
      return "a name";
    case StatementName:
      return "an equation";
    case SettingKey:
      return "a setting";
    case NumberLiteral:
      return "a number";
    case StringLiteral:
      return "a path in double quotes";
    case Star:
      return "`*`";
    default:
      return typeof type.PATTERN === "string" ? `\`${type.PATTERN}\`` : type.name;
  }
}

/** What a train block can set. */
export const SETTINGS = [
  "loss",
  "optimizer",
  "clip",
  "truncate",
  "batch",
  "epochs",
  "schedule",
  "seed",
  "patience",
] as const;
