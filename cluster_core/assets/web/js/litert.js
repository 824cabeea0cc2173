// Runs the network with LiteRT.js, on WebAssembly.

import { loadLiteRt, loadAndCompile, Tensor } from "../litertjs/index.js";
import { fetchBytes } from "./fetching.js";
import { Refusal } from "./refusal.js";

const RUNTIME = "litertjs/litert_wasm_compat_internal";
// Smallest module with a SIMD instruction: i8x16.splat, i8x16.popcnt.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

/** Throw a Refusal unless this browser can run the network. */
export function checkBrowser() {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(new Uint8Array(SIMD))) {
    throw new Refusal(
      "This browser cannot run the model: update it, or use a current Firefox, Chrome, Edge or Safari.",
    );
  }
}

/**
 * Load the runtime and the network.
 * @param {string} address of the .tflite file
 * @returns {Promise<Network>}
 */
export async function loadNetwork(address) {
  const [wasm, network] = await Promise.all([fetchBytes(`${RUNTIME}.wasm.gz`), fetchBytes(address)]);
  // Else LiteRT.js would look for the file without .gz, and log its registrations as errors.
  self.Module = { wasmBinary: wasm, printErr: () => {} };
  await quietly(() => loadLiteRt(`${RUNTIME}.js`));
  return new Network(await loadAndCompile(network, { accelerator: "wasm" }));
}

class Network {
  constructor(compiled) {
    this.compiled = compiled;
    this.shape = Array.from(compiled.getInputDetails()[0].shape);
  }

  /**
   * Run the network on one picture.
   * @param {Float32Array} pixels RGB from -1 to 1, size × size × 3
   * @returns {Promise<Float32Array[]>} the features, and the map whose mean they are, if there is one
   */
  async run(pixels) {
    const input = new Tensor(pixels, this.shape);
    const outputs = await this.compiled.run([input]);
    const arrays = outputs.map((output) => output.toTypedArray());
    for (const tensor of [input, ...outputs]) tensor.delete();
    return arrays;
  }
}

// LiteRT.js asks for a graphics card, which it does not need here, and warns if there is none.
async function quietly(action) {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await action();
  } finally {
    console.warn = warn;
  }
}
