// Pillow's resampling of 8-bit pictures, exactly: in fixed-point arithmetic, in two passes.
// Source: Pillow, src/libImaging/Reduce.c and Resample.c. Pictures are {pixels, width, height},
// with RGB in a Uint8Array.

const PRECISION = 2 ** 22;
const CHANNELS = 3;
const REDUCING_GAP = 2;

/**
 * Resize to a square as `Preprocessing.shrink` does: by whole factors, then by bilinear
 * interpolation that averages.
 */
export function shrink(picture, side) {
  if (picture.width === side && picture.height === side) return picture;
  const factorX = Math.max(1, Math.floor(picture.width / side / REDUCING_GAP));
  const factorY = Math.max(1, Math.floor(picture.height / side / REDUCING_GAP));
  const box = [picture.width / factorX, picture.height / factorY];
  return resize(reduce(picture, factorX, factorY), side, side, box);
}

/** Average blocks of factorX × factorY pixels; those at the end may be smaller. */
export function reduce(picture, factorX, factorY) {
  if (factorX === 1 && factorY === 1) return picture;
  const { pixels, width, height } = picture;
  const reduced = makePicture(Math.ceil(width / factorX), Math.ceil(height / factorY));
  const sums = new Uint32Array(CHANNELS * reduced.width);
  for (let row = 0; row < reduced.height; row++) {
    const rows = Math.min(factorY, height - row * factorY);
    sums.fill(0);
    for (let y = row * factorY; y < row * factorY + rows; y++) {
      addUp(pixels, CHANNELS * y * width, width, factorX, sums);
    }
    divide(sums, { width, factorX, rows }, reduced.pixels, row * sums.length);
  }
  return reduced;
}

function addUp(pixels, start, width, factor, sums) {
  let at = start;
  let column = 0;
  for (let x = 0; x < width; column += CHANNELS) {
    for (const end = Math.min(x + factor, width); x < end; x++) {
      sums[column] += pixels[at++];
      sums[column + 1] += pixels[at++];
      sums[column + 2] += pixels[at++];
    }
  }
}

function divide(sums, { width, factorX, rows }, target, start) {
  for (let index = 0; index < sums.length; index++) {
    const column = Math.floor(index / CHANNELS);
    const count = rows * Math.min(factorX, width - column * factorX);
    const multiplier = Math.floor(2 ** 24 / count);
    target[start + index] = Math.floor(((sums[index] + (count >> 1)) * multiplier) / 2 ** 24);
  }
}

/**
 * Resize by bilinear interpolation, which averages if it shrinks.
 * @param {number[]} box width and height of the part that is used, from the upper left
 */
export function resize(picture, width, height, box = [picture.width, picture.height]) {
  const across = (old) => resizeAcross(old, computeWeights(old.width, box[0], width));
  const down = (old) => resizeDown(old, computeWeights(old.height, box[1], height));
  const passes = [];
  if (width !== picture.width || box[0] !== width) passes.push(across);
  if (height !== picture.height || box[1] !== height) passes.push(down);
  // Each pass rounds, so their order counts: Pillow 13 begins with the height if it loses more.
  const lostRows = picture.height - height;
  if (lostRows > 0 && lostRows > 2 * (picture.width - width)) passes.reverse();
  return passes.reduce((resized, pass) => pass(resized), picture);
}

/** For each new position, the first old position, and the weights from there on. */
function computeWeights(size, boxSize, newSize) {
  const scale = boxSize / newSize;
  const support = Math.max(scale, 1);
  return Array.from({ length: newSize }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(size, Math.trunc(center + support + 0.5));
    const heights = Array.from({ length: end - first }, (_, k) => triangle((k + first - center + 0.5) * (1 / support)));
    const total = heights.reduce((sum, value) => sum + value, 0);
    return { first, weights: Int32Array.from(heights, (value) => Math.trunc(0.5 + (value / total) * PRECISION)) };
  });
}

const triangle = (x) => Math.max(0, 1 - Math.abs(x));

function resizeAcross({ pixels, width, height }, columns) {
  const resized = makePicture(columns.length, height);
  columns.forEach(({ first, weights }, column) => {
    for (let row = 0; row < height; row++) {
      const start = CHANNELS * (row * width + first);
      average(pixels, start, CHANNELS, weights, resized.pixels, CHANNELS * (row * resized.width + column));
    }
  });
  return resized;
}

function resizeDown({ pixels, width }, rows) {
  const resized = makePicture(width, rows.length);
  const stride = CHANNELS * width;
  rows.forEach(({ first, weights }, row) => {
    for (let column = 0; column < width; column++) {
      const start = first * stride + CHANNELS * column;
      average(pixels, start, stride, weights, resized.pixels, row * stride + CHANNELS * column);
    }
  });
  return resized;
}

function average(pixels, start, stride, weights, target, to) {
  let red = PRECISION / 2;
  let green = red;
  let blue = red;
  for (let k = 0, at = start; k < weights.length; k++, at += stride) {
    red += pixels[at] * weights[k];
    green += pixels[at + 1] * weights[k];
    blue += pixels[at + 2] * weights[k];
  }
  target[to] = Math.min(255, red / PRECISION);
  target[to + 1] = Math.min(255, green / PRECISION);
  target[to + 2] = Math.min(255, blue / PRECISION);
}

/** A black picture. */
export function makePicture(width, height) {
  return { pixels: new Uint8Array(CHANNELS * width * height), width, height };
}
