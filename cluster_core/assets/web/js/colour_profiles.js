// Colour profiles (ICC) of RGB pictures: three curves and a matrix, as cameras and phones write them.
// Source: ICC.1:2022, sections 9 and 10; IEC 61966-2-1 (sRGB).

// XYZ (D50) to linear sRGB: the inverse of the matrix in the sRGB profile of Little CMS.
const TO_SRGB = [
  [3.13427431, -1.61727402, -0.4907348],
  [-0.97879557, 1.9161616, 0.03345405],
  [0.07197855, -0.22898989, 1.40574837],
];
const ONE = 2 ** 14;

/**
 * Read the curves and the matrix of a profile.
 * @param {Uint8Array|null} data
 * @returns {Profile|null} null if it is missing, damaged, sRGB, or of another kind
 */
export function readProfile(data) {
  if (!data) return null;
  try {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (readText(view, 16, 4) !== "RGB ") return null;
    const tags = listTags(view);
    if (readDescription(view, tags.desc).trim().startsWith("sRGB")) return null;
    const curves = ["rTRC", "gTRC", "bTRC"].map((name) => readCurve(view, tags[name]));
    const columns = ["rXYZ", "gXYZ", "bXYZ"].map((name) => readXyz(view, tags[name]));
    return { curves, columns };
  } catch {
    return null; // no reason to refuse good pixels
  }
}

/**
 * Convert a picture to sRGB, in place, in the fixed-point arithmetic of Little CMS, which the program
 * uses (cmsopt.c).
 */
export function toSrgb(picture, profile) {
  if (!profile) return picture;
  const linear = profile.curves.map((curve) => Int32Array.from({ length: 256 }, (_, level) => toFixed(curve(level / 255))));
  const matrix = TO_SRGB.map((row) => profile.columns.map((column) => toFixed(row.reduce((sum, value, k) => sum + value * column[k], 0))));
  const levels = Uint8Array.from({ length: ONE + 1 }, (_, step) => Math.round(255 * encode(step / ONE)));
  const { pixels } = picture;
  for (let at = 0; at < pixels.length; at += 3) {
    const [red, green, blue] = [linear[0][pixels[at]], linear[1][pixels[at + 1]], linear[2][pixels[at + 2]]];
    for (let channel = 0; channel < 3; channel++) {
      const [byRed, byGreen, byBlue] = matrix[channel];
      const value = (byRed * red + byGreen * green + byBlue * blue + ONE / 2) / ONE;
      pixels[at + channel] = levels[Math.min(Math.max(Math.floor(value), 0), ONE)];
    }
  }
  return picture;
}

const toFixed = (value) => Math.floor(value * ONE + 0.5);

function encode(value) {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

function listTags(view) {
  const tags = {};
  for (let at = 132; at < 132 + 12 * view.getUint32(128); at += 12) {
    tags[readText(view, at, 4)] = { at: view.getUint32(at + 4), size: view.getUint32(at + 8) };
  }
  return tags;
}

function readDescription(view, { at, size }) {
  if (readText(view, at, 4) === "desc") return readText(view, at + 12, view.getUint32(at + 8) - 1);
  const [length, offset] = [view.getUint32(at + 20), view.getUint32(at + 24)];
  const wide = Array.from({ length: Math.min(length, size) / 2 }, (_, k) => view.getUint16(at + offset + 2 * k));
  return String.fromCharCode(...wide);
}

function readXyz(view, { at }) {
  return [8, 12, 16].map((offset) => view.getInt32(at + offset) / 65536);
}

function readCurve(view, { at }) {
  if (readText(view, at, 4) === "para") return readFormula(view, at);
  const n = view.getUint32(at + 8);
  if (n === 0) return (x) => x;
  if (n === 1) return (x) => x ** (view.getUint16(at + 12) / 256);
  return (x) => {
    const position = x * (n - 1);
    const index = Math.min(Math.floor(position), n - 2);
    const [low, high] = [0, 1].map((next) => view.getUint16(at + 12 + 2 * (index + next)) / 65535);
    return low + (position - index) * (high - low);
  };
}

function readFormula(view, at) {
  const kind = view.getUint16(at + 8);
  const [g, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: [1, 3, 4, 5, 7][kind] }, (_, k) => view.getInt32(at + 12 + 4 * k) / 65536);
  if (kind === 0) return (x) => x ** g;
  if (kind <= 2) return (x) => (x >= -b / a ? (a * x + b) ** g + c : c);
  return (x) => (x >= d ? (a * x + b) ** g + e : c * x + f);
}

function readText(view, at, length) {
  return String.fromCharCode(...Array.from({ length }, (_, k) => view.getUint8(at + k)));
}
