// Draws a picture, and over it what each part contributes to the evidence for a class.

import { contrast } from "./head.js";
import { reduce } from "./resizing.js";
import { listSources } from "./views.js";

const MAX_SIDE = 480;
// Orange and blue are told apart with every kind of colour vision.
const FOR = [255, 140, 0];
const AGAINST = [40, 110, 255];
const MAX_OPACITY = 0.55;
const DIMMED = 0.85;

/** Reduce a picture to the size in which it is shown. */
export function makeSmall(picture) {
  const factor = Math.ceil(Math.max(picture.width, picture.height) / MAX_SIDE);
  return reduce(picture, factor, factor);
}

/** Draw a picture on a canvas, which is made if there is none. */
export function drawPicture(picture, canvas = document.createElement("canvas")) {
  return draw(canvas, picture, (rgb) => rgb);
}

/** Draw a picture in grey, with colours for the evidence from `computeEvidence`. */
export function drawHeatMap(canvas, picture, evidence) {
  const side = Math.sqrt(evidence.length);
  const strongest = Math.max(...evidence.map(Math.abs)) || 1;
  draw(canvas, picture, ([red, green, blue], x, y) => {
    const share = interpolate(evidence, side, (x / picture.width) * side, (y / picture.height) * side) / strongest;
    const opacity = MAX_OPACITY * Math.abs(share);
    const grey = DIMMED * (0.299 * red + 0.587 * green + 0.114 * blue) * (1 - opacity);
    return (share > 0 ? FOR : AGAINST).map((value) => grey + value * opacity);
  });
}

function draw(canvas, { pixels, width, height }, colour) {
  const image = new ImageData(width, height);
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from += 3, to += 4) {
      image.data.set(colour(pixels.subarray(from, from + 3), x + 0.5, y + 0.5), to);
      image.data[to + 3] = 255;
    }
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/**
 * Divide the evidence for a class among the parts of a picture, which is exact for a linear head
 * on the mean of a map (class activation mapping, Zhou et al. 2016).
 * @param {Float32Array[]} maps of each view, cells × features
 * @param {number} label index of the class
 * @returns {Float64Array} one value for each cell of a square grid
 */
export function computeEvidence(maps, label, model) {
  const weights = contrast(model, label);
  const nCells = maps[0].length / weights.length;
  const evidence = new Float64Array(nCells);
  maps.forEach((map, view) => {
    listSources(view, Math.sqrt(nCells)).forEach((source, cell) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += map[cell * weights.length + k] * weights[k];
      evidence[source] += sum / nCells / maps.length;
    });
  });
  return evidence;
}

function interpolate(cells, side, x, y) {
  const last = side - 1;
  const [left, top] = [Math.min(Math.max(x - 0.5, 0), last), Math.min(Math.max(y - 0.5, 0), last)];
  const [column, row] = [Math.min(Math.floor(left), last - 1), Math.min(Math.floor(top), last - 1)];
  const [right, below] = [left - column, top - row];
  const at = row * side + column;
  const upper = cells[at] * (1 - right) + cells[at + 1] * right;
  const lower = cells[at + side] * (1 - right) + cells[at + side + 1] * right;
  return upper * (1 - below) + lower * below;
}
