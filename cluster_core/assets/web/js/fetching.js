// Fetches files of the page.

import { Refusal } from "./refusal.js";

const GZIP = [0x1f, 0x8b];

/**
 * Fetch a file, and unpack it if it is packed with gzip.
 * @param {string} address
 * @returns {Promise<Uint8Array>}
 */
export async function fetchBytes(address) {
  const content = new Uint8Array(await (await fetchFile(address)).arrayBuffer());
  // Some servers declare .gz files as packed, and the browser has then unpacked them.
  const isPacked = GZIP.every((byte, index) => content[index] === byte);
  return isPacked ? unpack(content, "gzip") : content;
}

/** Fetch a JSON file. */
export async function fetchJson(address) {
  return (await fetchFile(address)).json();
}

/**
 * Unpack bytes.
 * @param {Uint8Array} content
 * @param {string} format "gzip" or "deflate"
 * @param {number} limit unpacking stops soon after this many bytes
 */
export async function unpack(content, format, limit = Infinity) {
  const parts = [];
  let length = 0;
  for await (const part of readStream(new Blob([content]).stream().pipeThrough(new DecompressionStream(format)))) {
    parts.push(part);
    length += part.length;
    if (length > limit) break;
  }
  return join(parts);
}

async function* readStream(stream) {
  const reader = stream.getReader();
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) yield value;
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Join arrays of bytes. */
export function join(parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Fetch any file of the page. */
export async function fetchFile(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) {
    throw new Refusal("A part of this page could not be loaded: check the connection, and load the page again.");
  }
  return response;
}
