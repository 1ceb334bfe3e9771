/** @file What an initialiser draws, in a few numbers. In: an initialiser and a shape. Out: mean and spread of
 *  its elements, and the size of the matrix. Never draws. */
import type { InitialiserInfo } from "../../runtime/artifact/artifact.ts";
import type { InitialiserName } from "../../runtime/artifact/initialisers.ts";
import { isInitialiser } from "../2-check/initialisers.ts";
import { absurd, invariant } from "../ir/invariant.ts";

export interface Elements {
  readonly mean: number;
  /** Standard deviation. */
  readonly std: number;
}

/** Mean and deviation of the elements; `shape` in numbers. */
export function elementsOf(info: InitialiserInfo, shape: readonly number[]): Elements {
  const { name, args } = info;
  invariant(isInitialiser(name), `no initialiser is called ${name}`);
  return elements(name, (arg) => args[arg] ?? Number.NaN, shape);
}

function elements(
  name: InitialiserName,
  arg: (name: string) => number,
  shape: readonly number[],
): Elements {
  const [fanIn, fanOut] = fans(shape);
  const around0 = (variance: number): Elements => ({
    mean: 0,
    std: Math.abs(arg("gain")) * Math.sqrt(variance),
  });
  switch (name) {
    case "zeros":
      return { mean: 0, std: 0 };
    case "ones":
      return { mean: 1, std: 0 };
    case "const":
      return { mean: arg("value"), std: 0 };
    case "uniform":
      return {
        mean: (arg("low") + arg("high")) / 2,
        std: Math.abs(arg("high") - arg("low")) / Math.sqrt(12),
      };
    case "normal":
      return { mean: arg("mean"), std: arg("std") };
    case "truncated_normal":
      // Cut at two deviations: σ √(1 − 4 φ(2) / (2 Φ(2) − 1)).
      return { mean: arg("mean"), std: 0.8796 * arg("std") };
    case "glorot_uniform":
    case "glorot_normal":
      return around0(2 / (fanIn + fanOut));
    case "he_uniform":
    case "he_normal":
      return around0(2 / fanIn);
    case "lecun_uniform":
    case "lecun_normal":
      return around0(1 / fanIn);
    case "fan_in_uniform":
      return around0(1 / (3 * fanIn));
    case "orthogonal":
      return around0(1 / Math.max(...shape));
    case "identity": {
      const n = Math.max(...shape);
      return { mean: arg("gain") / n, std: (Math.abs(arg("gain")) * Math.sqrt(n - 1)) / n };
    }
    case "chrono":
      return logOfUniform(arg("T_max") - 1);
    default:
      return absurd(name);
  }
}

/** log u, u uniform on [1, n): E = (n ln n − n + 1) / (n − 1), E² likewise. */
function logOfUniform(n: number): Elements {
  if (n <= 1) return { mean: 0, std: 0 };
  const l = Math.log(n);
  const mean = (n * l - n + 1) / (n - 1);
  const square = (n * l * l - 2 * n * l + 2 * n - 2) / (n - 1);
  return { mean, std: Math.sqrt(Math.max(0, square - mean * mean)) };
}

/** [out, in, …rest]: in · rest and out; a vector has its length for both. */
function fans(shape: readonly number[]): readonly [number, number] {
  const [out = 1, ...rest] = shape;
  return shape.length < 2 ? [out, out] : [rest.reduce((a, b) => a * b, 1), out];
}

export interface MatrixSize {
  /** About the spectral norm ‖W‖₂: the most that W stretches any vector. */
  readonly norm: number;
  /** About the spectral radius: what products W Wᵏ grow by. */
  readonly radius: number;
}

/**
 * For [m, n] with independent elements of deviation σ around 0: norm σ (√m + √n) (Davidson & Szarek 2001,
 * theorem II.13), radius σ √min(m, n) (the circular law, Girko 1985). A mean μ adds a matrix of rank 1 and
 * norm θ = |μ| √(m n), which shows once θ > σ (m n)^¼: norm √((θ² + σ² m) (θ² + σ² n)) / θ
 * (Benaych-Georges & Nadakuditi 2012), radius |μ| min(m, n). Orthogonal and identity: their gain.
 * Of a vector, which acts elementwise: its largest elements, |μ| + √3 σ.
 */
export function matrixSize(info: InitialiserInfo, shape: readonly number[]): MatrixSize {
  if (info.name === "orthogonal" || info.name === "identity") {
    const gain = Math.abs(info.args.gain ?? Number.NaN);
    return { norm: gain, radius: gain };
  }
  const { mean, std } = elementsOf(info, shape);
  const [m, n] = shape;
  if (m === undefined || n === undefined || shape.length !== 2) {
    const most = Math.abs(mean) + Math.sqrt(3) * std;
    return { norm: most, radius: most };
  }
  const least = Math.min(m, n);
  const spike = Math.abs(mean) * Math.sqrt(m * n);
  return {
    norm:
      spike > std * (m * n) ** 0.25
        ? Math.sqrt((spike ** 2 + std ** 2 * m) * (spike ** 2 + std ** 2 * n)) / spike
        : std * (Math.sqrt(m) + Math.sqrt(n)),
    radius: Math.max(std * Math.sqrt(least), Math.abs(mean) * least),
  };
}
