// Decodes a picture with the browser, without any conversion of its colours.

import { Refusal } from "./refusal.js";
import { layOver } from "./transparency.js";

const ROWS_PER_STEP = 512; // phones limit the size of a canvas
const OPTIONS = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/**
 * Decode a JPEG, WebP, GIF, BMP or whatever else this browser reads.
 * @param {Uint8Array} data content of the file
 * @param {function} checkSize called with width and height, throws if they are too large
 */
export async function decodeInBrowser(data, checkSize) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([data]), OPTIONS);
  } catch {
    throw new Refusal("It is damaged, or this browser cannot read pictures of this kind: save it as JPEG or PNG.");
  }
  try {
    checkSize(bitmap.width, bitmap.height);
    return layOver(readRgba(bitmap));
  } finally {
    bitmap.close();
  }
}

function readRgba(bitmap) {
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.min(height, ROWS_PER_STEP);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = new Uint8Array(4 * width * height);
  for (let top = 0; top < height; top += ROWS_PER_STEP) {
    context.clearRect(0, 0, width, canvas.height);
    context.drawImage(bitmap, 0, -top);
    const rows = Math.min(ROWS_PER_STEP, height - top);
    rgba.set(context.getImageData(0, 0, width, rows).data, 4 * top * width);
  }
  return { rgba, width, height };
}

