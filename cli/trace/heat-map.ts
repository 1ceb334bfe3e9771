/** @file A traced value over time as a picture: a row a unit, a column a step. In: a tensor, a sample. Out: an
 *  image and its scale. Where there are more steps or units than pixels, a pixel is the mean of several. */
import { type Colour, dataUri, png } from "../page/png.ts";
import type { TracedTensor } from "./run.ts";

export interface HeatMap {
  /** A `data:` address. */
  readonly image: string;
  /** A row of the palette, for the legend. */
  readonly scale: string;
  readonly width: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
  /** Steps of a column and units of a row of pixels. */
  readonly stepsEach: number;
  readonly unitsEach: number;
}

const WIDEST = 1200;
const HIGHEST = 256;
/** Indices of finite values; the last one of the palette stands for what is not finite. */
const LEVELS = 255;
const NOT_FINITE: Colour = [214, 0, 110];

/** Of the steps that the sample has, `steps`; at least one. */
export async function heatMap(
  { data, extents, stats, role, range }: TracedTensor,
  sample: number,
  steps: number,
): Promise<HeatMap> {
  const [, all = 1, ...features] = extents;
  const units = features.reduce((n, e) => n * e, 1);
  const stepsEach = Math.ceil(steps / WIDEST);
  const unitsEach = Math.ceil(units / HIGHEST);
  const width = Math.ceil(steps / stepsEach);
  const height = Math.ceil(units / unitsEach);
  const most = Math.max(...(range ?? [stats.min, stats.max]).map(Math.abs)) || 1;
  const [from, to, scheme] =
    role === "gate" || (range !== null && range[0] >= 0)
      ? ([range?.[0] ?? 0, range?.[1] ?? 1, "viridis"] as const)
      : ([-most, most, "blueorange"] as const);
  const at = (t: number, u: number): number => data[(sample * all + t) * units + u]!;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let count = 0;
      for (let t = x * stepsEach; t < Math.min(steps, (x + 1) * stepsEach); t++)
        for (let u = y * unitsEach; u < Math.min(units, (y + 1) * unitsEach); u++) {
          sum += at(t, u);
          count++;
        }
      const level = Math.round(((sum / count - from) / (to - from)) * (LEVELS - 1));
      pixels[y * width + x] = Number.isFinite(sum)
        ? Math.max(0, Math.min(LEVELS - 1, level))
        : LEVELS;
    }
  const palette = await paletteOf(scheme);
  const ramp = Uint8Array.from({ length: LEVELS }, (_, i) => i);
  return {
    image: dataUri(png(pixels, width, height, palette)),
    scale: dataUri(png(ramp, LEVELS, 1, palette)),
    width,
    height,
    from,
    to,
    stepsEach,
    unitsEach,
  };
}

/** Vega's colour scheme of that name, as many colours as there are levels. */
async function paletteOf(name: string): Promise<readonly Colour[]> {
  const { scheme } = await import("vega");
  const colourAt = scheme(name) as (at: number) => string;
  const colours = Array.from({ length: LEVELS }, (_, i): Colour => {
    const [red = 0, green = 0, blue = 0] = (colourAt(i / (LEVELS - 1)).match(/\d+/g) ?? []).map(
      Number,
    );
    return [red, green, blue];
  });
  return [...colours, NOT_FINITE];
}
