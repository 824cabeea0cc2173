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

/** Draw a picture, small, on a canvas, which is made if there is none. */
export function drawPicture(picture, canvas = document.createElement("canvas")) {
  const small = makeSmall(picture);
  const image = new ImageData(small.width, small.height);
  for (let from = 0, to = 0; from < small.pixels.length; from += 3, to += 4) {
    image.data.set([small.pixels[from], small.pixels[from + 1], small.pixels[from + 2], 255], to);
  }
  [canvas.width, canvas.height] = [small.width, small.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** Draw a picture in grey, with colours for the evidence for the class of an answer. */
export function drawHeatMap(canvas, picture, answer, model) {
  const { evidence, side } = computeEvidence(answer, model);
  const strongest = Math.max(...evidence.map(Math.abs)) || 1;
  const small = makeSmall(picture);
  const image = new ImageData(small.width, small.height);
  for (let y = 0, at = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++, at++) {
      const position = [((x + 0.5) / small.width) * side, ((y + 0.5) / small.height) * side];
      const share = interpolate(evidence, side, ...position) / strongest;
      const [r, g, b] = small.pixels.subarray(3 * at, 3 * at + 3);
      const grey = DIMMED * (0.299 * r + 0.587 * g + 0.114 * b);
      const opacity = MAX_OPACITY * Math.abs(share);
      const colour = share > 0 ? FOR : AGAINST;
      image.data.set([...colour.map((value) => grey * (1 - opacity) + value * opacity), 255], 4 * at);
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/**
 * Divide the evidence for a class among the parts of a picture, which is exact for a linear head
 * on the mean of a map (class activation mapping, Zhou et al. 2016).
 * @returns {{evidence: Float64Array, side: number}} side * side cells
 */
export function computeEvidence({ maps, label }, model) {
  const weights = contrast(model, label);
  const nCells = maps[0].length / weights.length;
  const side = Math.sqrt(nCells);
  const evidence = new Float64Array(nCells);
  maps.forEach((map, view) => {
    listSources(view, side).forEach((source, cell) => {
      const features = map.subarray(cell * weights.length, (cell + 1) * weights.length);
      evidence[source] += features.reduce((sum, value, k) => sum + value * weights[k], 0) / nCells / maps.length;
    });
  });
  return { evidence, side };
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

function makeSmall(picture) {
  const factor = Math.ceil(Math.max(picture.width, picture.height) / MAX_SIDE);
  return factor > 1 ? reduce(picture, factor, factor) : picture;
}
