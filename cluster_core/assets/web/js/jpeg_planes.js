// From the planes of a JPEG to RGB, exactly as libjpeg does it: jdsample.c and jdcolor.c.

import { makePicture } from "./resizing.js";

/**
 * Join brightness and colours to RGB.
 * @param {Plane[]} planes {samples, stride, width, height}: brightness, or brightness, Cb and Cr
 * @param {boolean} isSmooth whether smaller planes of colour are enlarged by interpolation
 */
export function joinPlanes(planes, { width, height, isSmooth }) {
  const [luma, ...colours] = planes;
  const picture = makePicture(width, height);
  const rows = colours.map((plane) => makeRowReader(plane, width, height, isSmooth));
  for (let y = 0, to = 0; y < height; y++) {
    const start = y * luma.stride;
    const [blueness, redness] = rows.map((read) => read(y));
    for (let x = 0; x < width; x++, to += 3) {
      putPixel(picture.pixels, to, luma.samples[start + x], blueness ? blueness[x] - 128 : 0, redness ? redness[x] - 128 : 0);
    }
  }
  return picture;
}

function putPixel(pixels, at, grey, cb, cr) {
  pixels[at] = limit(grey + ((91881 * cr + 32768) >> 16));
  pixels[at + 1] = limit(grey + ((-22554 * cb - 46802 * cr + 32768) >> 16));
  pixels[at + 2] = limit(grey + ((116130 * cb + 32768) >> 16));
}

function limit(value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Return a function that returns a row of a plane of colour in the width of the picture. */
function makeRowReader(plane, width, height, isSmooth) {
  const { samples, stride } = plane;
  if (plane.width === width && plane.height === height) return (y) => samples.subarray(y * stride, y * stride + width);
  const row = new Uint8Array(2 * plane.width);
  const isHalfHeight = plane.height < height;
  // libjpeg interpolates no plane of two columns.
  if (!isSmooth || plane.width <= 2) return (y) => repeat(samples, (isHalfHeight ? y >> 1 : y) * stride, row);
  if (!isHalfHeight) return (y) => enlargeAcross(samples.subarray(y * stride, y * stride + plane.width), row);
  const sums = new Int32Array(plane.width);
  return (y) => {
    const near = y >> 1;
    const far = Math.min(Math.max(y % 2 ? near + 1 : near - 1, 0), plane.height - 1);
    for (let x = 0; x < plane.width; x++) sums[x] = 3 * samples[near * stride + x] + samples[far * stride + x];
    return enlargeSums(sums, row);
  };
}

function repeat(samples, start, row) {
  for (let x = 0; x < row.length; x++) row[x] = samples[start + (x >> 1)];
  return row;
}

function enlargeAcross(values, row) {
  const last = values.length - 1;
  for (let x = 0; x <= last; x++) {
    row[2 * x] = x ? (3 * values[x] + values[x - 1] + 1) >> 2 : values[x];
    row[2 * x + 1] = x < last ? (3 * values[x] + values[x + 1] + 2) >> 2 : values[x];
  }
  return row;
}

function enlargeSums(sums, row) {
  const last = sums.length - 1;
  for (let x = 0; x <= last; x++) {
    row[2 * x] = (3 * sums[x] + (x ? sums[x - 1] : sums[x]) + 8) >> 4;
    row[2 * x + 1] = (3 * sums[x] + (x < last ? sums[x + 1] : sums[x]) + 7) >> 4;
  }
  return row;
}
