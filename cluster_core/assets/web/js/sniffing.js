// Recognises the kind of a file by its first bytes, which alone decide.

const PICTURES = [
  ["JPEG", "\xff\xd8\xff"],
  ["PNG", "\x89PNG"],
  ["GIF", "GIF8"],
  ["BMP", "BM"],
];
const IN_THE_PROGRAM = [
  ["FITS", "SIMPLE"],
  ["packed FITS", "\x1f\x8b"],
  ["packed FITS", "BZh"],
  ["TIFF", "II*\0"],
  ["TIFF", "MM\0*"],
  ["TIFF", "II+\0"],
  ["TIFF", "MM\0+"],
  ["XISF", "XISF0100"],
  ["SER", "LUCAM-RECORDER"],
  ["JPEG 2000", "\0\0\0\x0cjP  "],
  ["JPEG 2000", "\xff\x4f\xff\x51"],
];
const BROWSER_BRANDS = ["avif", "avis", "heic", "heix", "mif1", "msf1"];

/** Return the kind of a picture that this page reads, or null. */
export function findKind(data) {
  if (matches(data, "RIFF") && matches(data, "WEBP", 8)) return "WebP";
  if (matches(data, "ftyp", 4) && BROWSER_BRANDS.some((brand) => matches(data, brand, 8))) return "AVIF or HEIC";
  return PICTURES.find(([, magic]) => matches(data, magic))?.[0] ?? null;
}

/** Say in a sentence what to do with a file that this page does not read. */
export function explainOther(data) {
  const kind = IN_THE_PROGRAM.find(([, magic]) => matches(data, magic))?.[0];
  if (kind) {
    return `This page does not read ${kind} files: use the model in Cluster Lab itself, which does, or save the picture as JPEG or PNG.`;
  }
  return "It is not a picture that this page reads: choose a JPEG or PNG file.";
}

function matches(data, magic, at = 0) {
  return [...magic].every((character, index) => data[at + index] === character.charCodeAt(0));
}
