// The rows of a PNG: undoes filters and interlacing, and unpacks samples of fewer than 8 bits.

import { Refusal } from "./refusal.js";

// First column and row, and steps, of the passes of Adam7.
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
const WHOLE = [[0, 0, 1, 1]];

/**
 * Read the samples of all pixels.
 * @param {Uint8Array} packed the unpacked data chunks
 * @param {{width, height, depth, channels, isInterlaced}} header
 * @returns {Uint8Array|Uint16Array} channels samples for each pixel, not scaled
 */
export function readRows(packed, header) {
  const { width, height, depth, channels } = header;
  const samples = new (depth === 16 ? Uint16Array : Uint8Array)(channels * width * height);
  let at = 0;
  for (const { left, top, stepX, stepY, nColumns, nBytes } of listPasses(header)) {
    const distance = Math.max(1, (channels * depth) >> 3);
    let above = new Uint8Array(nBytes);
    for (let y = top; y < height; y += stepY, at += 1 + nBytes) {
      const row = packed.subarray(at + 1, at + 1 + nBytes);
      if (row.length < nBytes) throw new Refusal("It is cut off: save or download it again.");
      undoFilter(packed[at], row, above, distance);
      place(row, samples, { start: channels * (y * width + left), step: channels * stepX, nColumns, depth, channels });
      above = row;
    }
  }
  return samples;
}

/** The number of bytes that `readRows` needs. */
export function countBytes(header) {
  const counts = listPasses(header).map(({ top, stepY, nBytes }) => Math.max(0, Math.ceil((header.height - top) / stepY)) * (1 + nBytes));
  return counts.reduce((sum, count) => sum + count, 0);
}

function listPasses({ width, depth, channels, isInterlaced }) {
  const passes = (isInterlaced ? PASSES : WHOLE).map(([left, top, stepX, stepY]) => {
    const nColumns = Math.ceil((width - left) / stepX);
    return { left, top, stepX, stepY, nColumns, nBytes: Math.ceil((nColumns * channels * depth) / 8) };
  });
  return passes.filter(({ nColumns }) => nColumns > 0);
}

function place(row, samples, { start, step, nColumns, depth, channels }) {
  if (depth === 8 && step === channels) {
    samples.set(row, start);
    return;
  }
  for (let column = 0, index = 0, to = start; column < nColumns; column++, to += step) {
    for (let channel = 0; channel < channels; channel++, index++) samples[to + channel] = getSample(row, index, depth);
  }
}

function getSample(row, index, depth) {
  if (depth === 8) return row[index];
  if (depth === 16) return 256 * row[2 * index] + row[2 * index + 1];
  const bit = index * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function undoFilter(kind, row, above, distance) {
  const predict = PREDICTORS[kind];
  if (!predict) throw new Refusal("It is damaged: save or download it again.");
  if (kind === 0) return;
  for (let index = 0; index < row.length; index++) {
    const left = index < distance ? 0 : row[index - distance];
    const corner = index < distance ? 0 : above[index - distance];
    row[index] += predict(left, above[index], corner);
  }
}

const PREDICTORS = [
  () => 0,
  (left) => left,
  (left, up) => up,
  (left, up) => (left + up) >> 1,
  predictPaeth,
];

function predictPaeth(left, up, corner) {
  const estimate = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
