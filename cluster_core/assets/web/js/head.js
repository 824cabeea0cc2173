// The last layer: features to scores.

/**
 * Map the features of all views of a picture to scores.
 * @param {Float32Array[]} features one array for each view
 * @param {Model} model
 * @returns {Float64Array} mean over the views of the softmax, in the order of the labels
 */
export function computeScores(features, model) {
  const scores = new Float64Array(model.labels.length);
  for (const view of features) {
    softmax(computeLogits(view, model)).forEach((score, label) => {
      scores[label] += score / features.length;
    });
  }
  return scores;
}

/** Map features to logits, divided by the temperature. */
function computeLogits(features, { weights, bias, temperature }) {
  const logits = Float64Array.from(bias);
  const nLabels = logits.length;
  for (let index = 0; index < features.length; index++) {
    for (let label = 0; label < nLabels; label++) {
      logits[label] += features[index] * weights[index * nLabels + label];
    }
  }
  return logits.map((logit) => logit / temperature);
}

function softmax(logits) {
  const largest = Math.max(...logits);
  const shifted = logits.map((logit) => Math.exp(logit - largest));
  const total = shifted.reduce((sum, value) => sum + value, 0);
  return shifted.map((value) => value / total);
}

/**
 * What each feature contributes to a class's logit minus the mean logit of the other classes.
 * @returns {Float64Array} a weight for each feature
 */
export function contrast({ weights, bias, temperature }, label) {
  const nLabels = bias.length;
  const total = new Float64Array(weights.length / nLabels);
  for (let index = 0; index < total.length; index++) {
    for (let other = 0; other < nLabels; other++) {
      const sign = other === label ? 1 : -1 / (nLabels - 1);
      total[index] += (sign * weights[index * nLabels + other]) / temperature;
    }
  }
  return total;
}
