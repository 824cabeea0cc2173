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

/** Unpack bytes; format is "gzip" or "deflate". */
export async function unpack(content, format) {
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function fetchFile(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) {
    throw new Refusal("A part of this page could not be loaded: check the connection, and load the page again.");
  }
  return response;
}
