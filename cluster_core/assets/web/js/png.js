// Decodes PNG exactly: a browser would round colours under transparency and drop 16-bit values.
// Source: W3C, Portable Network Graphics Specification (Third Edition).

import { readProfile } from "./colour_profiles.js";
import { readOrientation } from "./exif.js";
import { join, unpack } from "./fetching.js";
import { countBytes, readRows } from "./png_rows.js";
import { Refusal } from "./refusal.js";
import { layOver } from "./transparency.js";

const GREY = 0;
const RGB = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const CHANNELS = { [GREY]: 1, [RGB]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, 6: 4 };
const QUARTER = 63.75; // of 255: photographs of 16 bits use the range, measurements do not
const IGNORED_SHARE = 0.001;
const MAX_PROFILE_BYTES = 10_000_000;

/**
 * Decode a PNG.
 * @param {Uint8Array} data content of the file
 * @param {Model} model says how values of 16 bits are shown
 * @param {function} checkSize called with width and height, throws if they are too large
 */
export async function decodePng(data, model, checkSize) {
  const chunks = listChunks(data);
  const header = readHeader(chunks.IHDR?.[0]);
  checkSize(header.width, header.height);
  let packed;
  try {
    packed = await unpack(join(chunks.IDAT ?? []), "deflate", countBytes(header));
  } catch {
    throw new Refusal("It is damaged or cut off: save or download it again.");
  }
  const samples = readRows(packed, header);
  if (header.depth === 16 && !model.deepByType) checkPhotograph(samples, header);
  const rgba = toRgba(samples, header, chunks);
  return {
    picture: layOver({ rgba, width: header.width, height: header.height }),
    orientation: chunks.eXIf ? readOrientation(chunks.eXIf[0]) : 1,
    profile: chunks.iCCP ? readProfile(await unpackProfile(chunks.iCCP[0])) : null,
  };
}

function listChunks(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const chunks = {};
  for (let at = 8; at + 12 <= data.length; ) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...data.subarray(at + 4, at + 8));
    (chunks[kind] ??= []).push(data.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return chunks;
}

function readHeader(chunk) {
  const channels = chunk && CHANNELS[chunk[9]];
  if (!channels || chunk.length < 13) throw new Refusal("It is damaged: save or download it again.");
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (!width || !height) throw new Refusal("It is damaged: it has no pixels.");
  return { width, height, depth: chunk[8], kind: chunk[9], channels, isInterlaced: chunk[12] === 1 };
}

async function unpackProfile(chunk) {
  const name = chunk.indexOf(0);
  return unpack(chunk.subarray(name + 2), "deflate", MAX_PROFILE_BYTES).catch(() => null);
}

function checkPhotograph(samples, { kind, channels }) {
  const isGrey = kind === GREY || kind === GREY_ALPHA;
  const nColours = isGrey ? 1 : 3;
  // Grey values are compared with all their bits, colours by their upper byte.
  const limit = kind === GREY ? 0.25 * 65535 : 256 * Math.ceil(QUARTER) - 1;
  let nBright = 0;
  for (let at = 0; at < samples.length; at += channels) {
    for (let colour = 0; colour < nColours; colour++) nBright += samples[at + colour] > limit;
  }
  if (nBright <= (IGNORED_SHARE * samples.length * nColours) / channels) {
    throw new Refusal(
      "It holds measurements of 16 bits, which this page cannot show: use the model in Cluster Lab itself, or save the picture with 8 bits.",
    );
  }
}

function toRgba(samples, header, { PLTE, tRNS }) {
  const { width, height, kind, channels } = header;
  if (kind === PALETTE && !PLTE) throw new Refusal("It is damaged: it has no palette.");
  const levels = toLevels(samples, header);
  const invisible = kind === PALETTE ? null : readInvisible(tRNS?.[0], kind);
  const rgba = new Uint8Array(4 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [from, to] = [channels * pixel, 4 * pixel];
    if (kind === PALETTE) {
      const colour = samples[from];
      rgba.set(PLTE[0].subarray(3 * colour, 3 * colour + 3), to);
      rgba[to + 3] = tRNS?.[0][colour] ?? 255;
      continue;
    }
    const isGrey = kind === GREY || kind === GREY_ALPHA;
    rgba[to] = levels[from];
    rgba[to + 1] = levels[isGrey ? from : from + 1];
    rgba[to + 2] = levels[isGrey ? from : from + 2];
    rgba[to + 3] = kind >= GREY_ALPHA ? levels[from + channels - 1] : 255;
    if (invisible?.every((value, channel) => samples[from + channel] === value)) rgba[to + 3] = 0;
  }
  return rgba;
}

/** The colour that is transparent, if there is one. */
function readInvisible(chunk, kind) {
  if (!chunk || kind >= GREY_ALPHA) return null;
  return Array.from({ length: kind === GREY ? 1 : 3 }, (_, channel) => 256 * chunk[2 * channel] + chunk[2 * channel + 1]);
}

/** Samples as levels from 0 to 255, as Pillow and the program make them. */
function toLevels(samples, { depth, kind }) {
  if (kind === PALETTE || depth === 8) return samples;
  if (depth < 8) return samples.map((value) => (value * 255) / (2 ** depth - 1));
  if (kind === GREY) return Uint8Array.from(samples, (value) => (value + 128) / 257);
  return Uint8Array.from(samples, (value) => value >> 8);
}
