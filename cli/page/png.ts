/** @file Pictures of numbers as PNG. In: indices into a palette, row-major. Out: bytes, one palette image of
 *  8 bits a pixel. W3C PNG specification, sections 5 and 11. Never interlaced, never filtered. */
import { deflateSync } from "node:zlib";
import { crc32 } from "../../runtime/crc32.ts";

export type Colour = readonly [red: number, green: number, blue: number];

/** `pixels` has width · height indices; `palette` at most 256 colours. */
export function png(
  pixels: Uint8Array,
  width: number,
  height: number,
  palette: readonly Colour[],
): Uint8Array {
  const rows = new Uint8Array(height * (width + 1)); // a filter byte, 0, before each row
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8); // bits of a pixel
  head.setUint8(9, 3); // by palette
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(head.buffer)),
    chunk("PLTE", Uint8Array.from(palette.flat())),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** For the `src` of an image in a page. */
export function dataUri(bytes: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
}

/** Length, type, data, checksum of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}
