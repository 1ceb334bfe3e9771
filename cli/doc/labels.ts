/** @file Signs of functions in a picture. In: the name of a function. Out: what stands on its node. */

const SIGNS: Readonly<Record<string, string>> = {
  ...{ sigmoid: "σ", relu: "ReLU", elu: "ELU", gelu: "GELU", selu: "SELU", silu: "SiLU" },
  ...{ maximum: "max", minimum: "min", abs: "|·|", sqrt: "√", where: "where" },
  ...{ outer: "outer", dot: "dot", concat: "concat", sum: "Σ" },
};

export const functionLabel = (name: string): string => SIGNS[name] ?? name;
