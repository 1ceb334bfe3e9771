/** @file Both layers of the gradient check for every cell of the library: the generated gradient
 *  against differences in float64, and gpu.js's processors against float64. */
import { sweepGradients } from "./harness/gradients.ts";

sweepGradients(["cells"]);
