// The header of a JPEG: its orientation and colour profile, which the browser must not apply.

import { readOrientation } from "./exif.js";
import { join } from "./fetching.js";

const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
const APP2 = 0xe2;
const EXIF = "Exif\0\0";
const PROFILE = "ICC_PROFILE\0";

/**
 * Separate the metadata of a JPEG from its pixels.
 * @param {Uint8Array} data
 * @returns {{plain: Uint8Array, orientation: number, profile: Uint8Array|null}}
 *   `plain` is the file without EXIF and colour profile
 */
export function inspectJpeg(data) {
  const kept = [data.subarray(0, 2)];
  const profile = [];
  let orientation = 1;
  let at = 2;
  while (at + 4 <= data.length && data[at] === 0xff && data[at + 1] !== START_OF_SCAN) {
    const marker = data[at + 1];
    const end = marker === 0xff ? at + 1 : at + 2 + data[at + 2] * 256 + data[at + 3];
    const segment = data.subarray(at + 4, end);
    if (marker === APP1 && startsWith(segment, EXIF)) {
      orientation = readOrientation(segment.subarray(EXIF.length));
    } else if (marker === APP2 && startsWith(segment, PROFILE)) {
      profile.push(segment.subarray(PROFILE.length)); // number of the part, number of parts, part
    } else if (marker !== 0xff) {
      kept.push(data.subarray(at, end));
    }
    at = end;
  }
  kept.push(data.subarray(at));
  profile.sort((a, b) => a[0] - b[0]);
  return {
    plain: join(kept),
    orientation,
    profile: profile.length ? join(profile.map((part) => part.subarray(2))) : null,
  };
}

function startsWith(bytes, text) {
  return [...text].every((character, index) => bytes[index] === character.charCodeAt(0));
}
