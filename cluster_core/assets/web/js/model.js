// A model, as the page's files describe it, and its answers.

import { fetchBytes, fetchJson } from "./fetching.js";
import { computeScores } from "./head.js";
import { computeEvidence } from "./heat_map.js";
import { loadNetwork } from "./litert.js";
import { measureNovelty } from "./novelty.js";
import { Refusal } from "./refusal.js";
import { listSources, makeView } from "./views.js";

export const NONE_OF_THESE = "none of these";
export const UNSURE = "unsure";
export const LABEL = "label";

/** Load the description of the model: everything but the network. */
export async function loadDescription() {
  const [record, tables] = await Promise.all([fetchJson("model.json"), fetchBytes("tables.bin")]);
  return { ...record, ...readTables(record, new Float32Array(tables.buffer)) };
}

/** Load the network of a model, and return the model that answers. */
export async function loadModel(description) {
  return new Model(description, await loadNetwork("network.tflite"));
}

class Model {
  constructor(description, network) {
    Object.assign(this, description);
    this.network = network;
    this.sources = Array.from({ length: this.views }, (_, view) => listSources(view, this.sizePx));
  }

  /**
   * Answer for a picture.
   * @param {Uint8Array} pixels RGB, sizePx × sizePx × 3
   * @returns {Promise<Answer>} its verdict, label, scores and novelty, and the evidence of each part if there is a map
   */
  async classify(pixels) {
    const features = [];
    const maps = [];
    for (const sources of this.sources) {
      const [row, map] = await this.network.run(makeView(pixels, sources));
      features.push(row);
      if (this.hasMap) maps.push(map);
    }
    const scores = computeScores(features, this);
    if (!scores.every(Number.isFinite)) {
      throw new Refusal("This picture cannot be labelled: the model computes numbers for it that are not finite.");
    }
    const novelty = measureNovelty(features, this.novelty);
    const best = scores.indexOf(Math.max(...scores));
    const evidence = maps.length ? computeEvidence(maps, best, this) : null;
    return { verdict: decide(scores[best], novelty, this), label: best, scores, novelty, evidence };
  }
}

/** The kind of answer: novelty decides first, then the best score, rounded to two digits. */
export function decide(score, novelty, model) {
  if (novelty !== null && model.novelty && novelty > model.novelty.threshold) return NONE_OF_THESE;
  return Math.round(100 * score) / 100 < model.unsureBelow ? UNSURE : LABEL;
}

// tables.bin has the head, (features + 1) × labels, with the bias as its last row. Then the novelty,
// rows of (features + 1): the log odds, a mean for each class, and the axes.
function readTables({ features, labels, novelty }, numbers) {
  const nWeights = features * labels.length;
  const nHead = nWeights + labels.length;
  const head = { weights: numbers.subarray(0, nWeights), bias: numbers.subarray(nWeights, nHead) };
  if (!novelty) return head;
  const rows = [];
  for (let start = nHead; start < numbers.length; start += features + 1) {
    rows.push(numbers.subarray(start, start + features + 1));
  }
  const [logOdds, ...shapes] = rows;
  return {
    ...head,
    novelty: {
      ...novelty,
      distanceWeight: novelty.distance_weight,
      logOdds,
      means: shapes.slice(0, novelty.classes).map((row) => row.subarray(0, features)),
      axes: shapes.slice(novelty.classes).map((row) => row.subarray(0, features)),
    },
  };
}
