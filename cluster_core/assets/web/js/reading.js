// Reads a picture file as the program does: upright, RGB, and small enough for the network.

import { decodeInBrowser } from "./browser_decoding.js";
import { readProfile, toSrgb } from "./colour_profiles.js";
import { inspectJpeg } from "./jpeg.js";
import { decodeJpeg } from "./jpeg_decoding.js";
import { NotDecodable } from "./jpeg_entropy.js";
import { decodePng } from "./png.js";
import { Refusal } from "./refusal.js";
import { reduce, resize } from "./resizing.js";
import { explainOther, findKind } from "./sniffing.js";

const MEGA = 1_000_000;
const MAX_FILE_BYTES = 200 * MEGA;
const MAX_PIXELS = 50 * MEGA;
const LARGE_PIXELS = 12 * MEGA; // larger ones are reduced before they are turned upright

/**
 * Decode a picture file.
 * @param {File|Blob} file
 * @param {Model} model its size in pixels says how far a large picture may be reduced
 * @returns {Promise<{pixels: Uint8Array, width: number, height: number}>} RGB
 */
export async function readPicture(file, model) {
  if (file.size === 0) throw new Refusal("It is empty (0 bytes): save or download it again.");
  if (file.size > MAX_FILE_BYTES) throw new Refusal("It is larger than 200 MB: shrink the picture and try again.");
  const data = new Uint8Array(await file.arrayBuffer());
  const kind = findKind(data);
  if (kind === null) throw new Refusal(explainOther(data));
  const found = await decode(data, kind, model);
  const picture = toSrgb(turnUpright(reduceLarge(found.picture, model.sizePx), found.orientation), found.profile);
  checkNotBlank(picture);
  return picture;
}

async function decode(data, kind, model) {
  if (kind === "PNG") return decodePng(data, model, checkSize);
  if (kind === "JPEG") return readJpeg(data, model.sizePx);
  return { picture: await decodeInBrowser(data, checkSize), orientation: 1, profile: null };
}

// The program decodes a large JPEG at a half, a quarter or an eighth of its size.
async function readJpeg(data, sizePx) {
  const { plain, orientation, profile } = inspectJpeg(data);
  const chooseFactor = (width, height) => {
    checkSize(width, height);
    const room = Math.min(Math.floor(width / (2 * sizePx)), Math.floor(height / (2 * sizePx)));
    return [8, 4, 2].find((factor) => room >= factor) ?? 1;
  };
  return { picture: await decodeAnyJpeg(plain, chooseFactor), orientation, profile: readProfile(profile) };
}

async function decodeAnyJpeg(data, chooseFactor) {
  try {
    return decodeJpeg(data, chooseFactor);
  } catch (error) {
    if (!(error instanceof NotDecodable)) throw error;
  }
  const whole = await decodeInBrowser(data, checkSize);
  const factor = chooseFactor(whole.width, whole.height);
  return reduce(whole, factor, factor);
}

function reduceLarge(picture, sizePx) {
  const { width, height } = picture;
  if (width * height <= LARGE_PIXELS) return picture;
  const factorX = Math.max(1, Math.floor(width / (4 * sizePx)));
  const factorY = Math.max(1, Math.floor(height / (4 * sizePx)));
  const reduced = reduce(picture, factorX, factorY);
  // The last blocks are smaller and must weigh less.
  return resize(reduced, reduced.width, reduced.height, [width / factorX, height / factorY]);
}

/** Turn a picture by the orientation in its EXIF block, 1 to 8. */
export function turnUpright(picture, orientation) {
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  const { pixels, width, height } = picture;
  const isTransposed = orientation >= 5;
  const turned = isTransposed ? { width: height, height: width } : { width, height };
  turned.pixels = new Uint8Array(pixels.length);
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  for (let row = 0, to = 0; row < turned.height; row++) {
    for (let column = 0; column < turned.width; column++, to += 3) {
      const [x, y] = isTransposed ? [row, column] : [column, row];
      const from = 3 * ((fromBottom ? height - 1 - y : y) * width + (fromRight ? width - 1 - x : x));
      turned.pixels[to] = pixels[from];
      turned.pixels[to + 1] = pixels[from + 1];
      turned.pixels[to + 2] = pixels[from + 2];
    }
  }
  return turned;
}

function checkSize(width, height) {
  if (width * height > MAX_PIXELS) {
    throw new Refusal(
      `It has ${width} × ${height} pixels, but the limit is 50 megapixels: shrink the picture and try again.`,
    );
  }
}

function checkNotBlank({ pixels }) {
  for (let index = 3; index < pixels.length; index++) {
    if (pixels[index] !== pixels[index % 3]) return;
  }
  throw new Refusal("It is blank: every pixel has the same colour, so there is nothing to be seen.");
}
