/** @file Both layers of the gradient check for every model of the library. Apart from the cells, so
 *  that the two run side by side. */
import { sweepGradients } from "./harness/gradients.ts";

sweepGradients(["models", "apps", "benchmarks"]);
