// The symmetries of a square, which show one object of the sky eight times.

/**
 * For each position of the turned picture, the position in the picture that it shows.
 * The order does not matter, because answers are the mean over the views.
 * @param {number} number 0 to 7; 0 is the picture as it is
 * @param {number} side in pixels, or cells of a map
 * @returns {Int32Array} of side * side
 */
export function listSources(number, side) {
  const turns = number % 4;
  const isMirrored = number >= 4;
  const sources = new Int32Array(side * side);
  const last = side - 1;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let [y, x] = [row, column];
      for (let turn = 0; turn < turns; turn++) [y, x] = [x, last - y];
      sources[row * side + column] = y * side + (isMirrored ? last - x : x);
    }
  }
  return sources;
}

/**
 * Turn a picture, and map its pixels to -1 to 1.
 * @param {Uint8Array} pixels RGB, side × side × 3
 * @param {Int32Array} sources from listSources
 * @returns {Float32Array} side × side × 3
 */
export function makeView(pixels, sources) {
  const view = new Float32Array(3 * sources.length);
  for (let index = 0; index < sources.length; index++) {
    for (let channel = 0; channel < 3; channel++) {
      view[3 * index + channel] = UNIT_RANGE[pixels[3 * sources[index] + channel]];
    }
  }
  return view;
}

const UNIT_RANGE = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level / 127.5) - 1);
