// The orientation in an EXIF block.

const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * Read how a picture has to be turned.
 * @param {Uint8Array} block EXIF, from its byte order on
 * @returns {number} 1 to 8; 1 if it does not say
 */
export function readOrientation(block) {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  try {
    const isLittle = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, isLittle);
    const nEntries = view.getUint16(directory, isLittle);
    for (let at = directory + 2; at < directory + 2 + 12 * nEntries; at += 12) {
      if (view.getUint16(at, isLittle) !== ORIENTATION) continue;
      return view.getUint16(at + 2, isLittle) === SHORT ? view.getUint16(at + 8, isLittle) : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // else damaged, which is no reason to refuse good pixels
  }
  return 1;
}
