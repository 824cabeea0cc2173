// How unlike the training pictures a picture is.

const TINY = 1e-9;
const MIN_SQUARED_DISTANCE = 1e-12;
const MAX_EXPONENT = 700;

/**
 * Measure the novelty of a picture.
 * @param {Float32Array[]} features one array for each view
 * @param {Novelty} detector
 * @returns {number|null} from 0, like the training pictures, to 1; null if it cannot be told
 */
export function measureNovelty(features, detector) {
  if (!detector) return null;
  const distance = Math.log(Math.max(measureSquared(average(features), detector), MIN_SQUARED_DISTANCE));
  const odds = features.reduce((sum, view) => sum + computeLogOdds(view, detector.logOdds), 0);
  const excess = detector.distanceWeight * distance + odds / features.length - detector.offset;
  if (!Number.isFinite(excess)) return null;
  return 1 / (1 + Math.exp(-Math.min(Math.max(excess, -MAX_EXPONENT), MAX_EXPONENT)));
}

/** Squared Mahalanobis distance to the nearest class (Lee et al. 2018). */
function measureSquared(features, { means, axes, unit }) {
  const length = Math.sqrt(dot(features, features)) + TINY;
  const point = features.map((value) => value / length);
  const distances = means.map((mean) => {
    const deviation = point.map((value, index) => value - mean[index]);
    return axes.reduce((sum, axis) => sum - dot(deviation, axis) ** 2, dot(deviation, deviation));
  });
  return Math.max(Math.min(...distances), 0) / unit;
}

function computeLogOdds(features, weights) {
  return features.reduce((sum, value, index) => sum + value * weights[index], weights[features.length]);
}

function average(features) {
  const mean = new Float64Array(features[0].length);
  for (const view of features) view.forEach((value, index) => { mean[index] += value / features.length; });
  return mean;
}

function dot(a, b) {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index] * b[index];
  return sum;
}
