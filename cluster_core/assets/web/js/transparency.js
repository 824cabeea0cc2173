// Decides what is seen through the transparent parts of a picture.

import { makePicture } from "./resizing.js";

const DARK_LEVEL = 64;
const BRIGHT_SHARE = 0.001;

/**
 * Lay a picture over black, like an empty sky, or over white if the drawing would be lost on black.
 * Of a picture that is transparent everywhere, the transparency is ignored.
 * @param {{rgba: Uint8Array, width: number, height: number}} picture
 */
export function layOver({ rgba, width, height }) {
  const backdrop = chooseBackdrop(rgba);
  const picture = makePicture(width, height);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = backdrop === null ? 255 : rgba[from + 3];
    for (let channel = 0; channel < 3; channel++) picture.pixels[to++] = blend(backdrop, rgba[from + channel], alpha);
  }
  return picture;
}

function chooseBackdrop(rgba) {
  let nVisible = 0;
  let nBright = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3];
    if (!alpha) continue;
    nVisible++;
    const grey = toGrey(blend(0, rgba[at], alpha), blend(0, rgba[at + 1], alpha), blend(0, rgba[at + 2], alpha));
    if (grey >= DARK_LEVEL) nBright++;
  }
  if (!nVisible) return null;
  return nBright > BRIGHT_SHARE * nVisible ? 0 : 255;
}

// Pillow's arithmetic, in Paste.c and Convert.c.
function blend(under, over, alpha) {
  const sum = over * alpha + under * (255 - alpha) + 128;
  return (sum + (sum >> 8)) >> 8;
}

function toGrey(red, green, blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
