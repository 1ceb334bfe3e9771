/** @file What a gradient check found. In: nothing. Out: plain JSON data. */
import type { Place } from "../artifact/place.ts";
import type { NonFinite } from "../devices/reference.ts";
import type { BackendReport, Sizes } from "../devices/device.ts";

export interface GradcheckReport {
  /** Every element checked is within its tolerance, in every case, on every backend. */
  readonly ok: boolean;
  readonly entry: string;
  readonly seed: number;
  readonly sizes: Sizes;
  /** The largest error allowed: of an element (layer 1), of a tensor (layer 2). */
  readonly tolerance: { readonly element: number; readonly tensor: number };
  /** Layer 1: generated gradients against differences of the forward pass, both in float64. */
  readonly cases: readonly CaseReport[];
  /** Layer 2: each backend against the reference. */
  readonly backends: readonly BackendCheck[];
  /** The largest error of layer 1; null where nothing was checked. */
  readonly worst: (Worst & { readonly case: string }) | null;
  readonly checked: number;
  /** Elements at which the loss has no derivative: its two one-sided differences disagree. */
  readonly kinks: number;
  /** Elements left out because their tensor has more than `samples`. */
  readonly unsampled: number;
}

export interface CaseReport {
  /** "all steps", "lengths 5, 3; initial states given". */
  readonly name: string;
  readonly ok: boolean;
  readonly tensors: readonly TensorReport[];
  /** Outputs and final states of the gradient program against those of the forward program. */
  readonly values: readonly TensorCheck[];
  /** Where the forward pass or the gradient is not finite, so that nothing could be compared. */
  readonly nonFinite: NonFinite | null;
}

export interface TensorReport {
  /** "param:W", "input:x", "initial:h". */
  readonly name: string;
  readonly ok: boolean;
  readonly elements: number;
  readonly checked: number;
  readonly kinks: number;
  readonly worst: Worst | null;
}

export interface Worst {
  readonly name: string;
  readonly index: readonly number[];
  readonly generated: number;
  readonly numeric: number;
  /** |generated − numeric| less the rounding of the difference, over the larger of them and the tensor's root mean square. */
  readonly error: number;
  /** The equations that read the tensor. */
  readonly places: readonly Place[];
}

export interface BackendCheck {
  readonly backend: BackendReport;
  readonly ok: boolean;
  readonly cases: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly tensors: readonly TensorCheck[];
  }[];
}

/** One tensor against what it should be. */
export interface TensorCheck {
  /** "output:h", "final:h", "grad:param:W". */
  readonly name: string;
  readonly ok: boolean;
  /** ‖got − reference‖₂ / ‖reference‖₂; see `relativeL2`. */
  readonly error: number;
  readonly worst: {
    readonly index: readonly number[];
    readonly got: number;
    readonly reference: number;
  };
}
