// Decodes a JPEG as libjpeg does, at full size or reduced. A browser gives its pixels at full size
// only, limited to 0 to 255, and some change them a little so that visitors cannot be recognised.
// Source: ITU-T T.81, annexes B, F and G.

import { BitReader, NotDecodable, ZIGZAG, makeCodes, readBlock, readFirstAc, readFirstDc, refineAc, refineDc } from "./jpeg_entropy.js";
import { joinPlanes } from "./jpeg_planes.js";
import { transformBlock } from "./jpeg_transforms.js";

const BASELINE = [0xc0, 0xc1];
const PROGRESSIVE = 0xc2;
const OTHER_FRAMES = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const [DHT, SOS, DQT, DRI, EOI, APP14] = [0xc4, 0xda, 0xdb, 0xdd, 0xd9, 0xee];

/**
 * Decode a JPEG.
 * @param {Uint8Array} data content of the file
 * @param {function} chooseFactor gets width and height, and returns 1, 2, 4 or 8, by which they are divided
 * @returns {{pixels: Uint8Array, width: number, height: number}} RGB
 * @throws {NotDecodable} the file is damaged or of a rare kind
 */
export function decodeJpeg(data, chooseFactor) {
  const jpeg = { steps: [], dcCodes: [], acCodes: [], restartInterval: 0, frame: null, factor: 1 };
  let at = 2;
  while (data[at] === 0xff) {
    const marker = data[at + 1];
    if (marker === 0xff) {
      at += 1;
    } else if (marker === EOI) {
      return makePicture(jpeg);
    } else {
      const end = at + 2 + 256 * data[at + 2] + data[at + 3];
      const segment = data.subarray(at + 4, end);
      readSegment(jpeg, marker, segment, chooseFactor);
      at = marker === SOS ? readScan(jpeg, segment, data, end) : end;
    }
  }
  throw new NotDecodable("it is cut off");
}

function readSegment(jpeg, marker, segment, chooseFactor) {
  if (OTHER_FRAMES.includes(marker)) throw new NotDecodable("it is compressed in another way");
  if (marker === APP14 && segment[11] === 0 && segment[0] === 0x41) throw new NotDecodable("its colours are not YCbCr");
  if (BASELINE.includes(marker) || marker === PROGRESSIVE) {
    jpeg.frame = readFrame(segment, marker === PROGRESSIVE);
    jpeg.factor = chooseFactor(jpeg.frame.width, jpeg.frame.height); // or refuses it
    addBlocks(jpeg.frame);
  }
  if (marker === DQT) readSteps(segment, jpeg.steps);
  if (marker === DHT) readCodes(segment, jpeg);
  if (marker === DRI) jpeg.restartInterval = 256 * segment[0] + segment[1];
}

function readFrame(segment, isProgressive) {
  const [height, width] = [256 * segment[1] + segment[2], 256 * segment[3] + segment[4]];
  const nComponents = segment[5];
  if (segment[0] !== 8 || !width || !height || ![1, 3].includes(nComponents)) throw new NotDecodable("it is of a rare kind");
  const components = Array.from({ length: nComponents }, (_, index) => {
    const at = 6 + 3 * index;
    return { id: segment[at], across: segment[at + 1] >> 4, down: segment[at + 1] & 15, table: segment[at + 2] };
  });
  if (nComponents === 1) Object.assign(components[0], { across: 1, down: 1 });
  const [{ across: maxAcross, down: maxDown }] = components;
  const layout = components.map(({ across, down }) => `${across}${down}`).join();
  if (!["11", "11,11,11", "21,11,11", "22,11,11"].includes(layout)) throw new NotDecodable("its colours are stored in a rare way");
  const [nAcross, nDown] = [Math.ceil(width / 8 / maxAcross), Math.ceil(height / 8 / maxDown)];
  for (const component of components) {
    const { across, down } = component;
    component.width = Math.ceil((width * across) / maxAcross);
    component.height = Math.ceil((height * down) / maxDown);
    component.blocksAcross = nAcross * across;
    component.blocksDown = nDown * down;
  }
  return { width, height, components, isProgressive, nAcross, nDown };
}

function addBlocks({ components }) {
  for (const component of components) component.blocks = new Int16Array(64 * component.blocksAcross * component.blocksDown);
}

function readSteps(segment, steps) {
  for (let at = 0; at < segment.length; ) {
    const [isWide, number] = [segment[at] >> 4, segment[at] & 15];
    steps[number] = new Uint16Array(64);
    at++;
    for (let k = 0; k < 64; k++) {
      steps[number][ZIGZAG[k]] = isWide ? 256 * segment[at++] + segment[at++] : segment[at++];
    }
  }
}

function readCodes(segment, { dcCodes, acCodes }) {
  for (let at = 0; at < segment.length; ) {
    const lengths = segment.subarray(at + 1, at + 17);
    const end = at + 17 + lengths.reduce((sum, count) => sum + count, 0);
    const tables = segment[at] >> 4 ? acCodes : dcCodes;
    tables[segment[at] & 15] = makeCodes(lengths, segment.subarray(at + 17, end));
    at = end;
  }
}

/** Read the data of a scan, and return where the next marker is. */
function readScan(jpeg, segment, data, start) {
  const { frame } = jpeg;
  if (!frame) throw new NotDecodable("it has no header");
  const components = Array.from({ length: segment[0] }, (_, index) => {
    const component = frame.components.find(({ id }) => id === segment[1 + 2 * index]);
    if (!component) throw new NotDecodable("it is damaged");
    const tables = segment[2 + 2 * index];
    return Object.assign(component, { dcCodes: jpeg.dcCodes[tables >> 4], acCodes: jpeg.acCodes[tables & 15], previous: 0 });
  });
  const [first, last, shifts] = segment.subarray(1 + 2 * components.length);
  const scan = { first, last, shift: shifts & 15, run: { left: 0 } };
  const bits = new BitReader(data, start);
  const read = chooseReader(bits, frame.isProgressive, scan, shifts >> 4);
  let nLeft = jpeg.restartInterval || Infinity;
  for (const units of listUnits(frame, components)) {
    if (nLeft-- === 0) {
      restart(bits, components, scan);
      nLeft = jpeg.restartInterval - 1;
    }
    for (const [component, block] of units) read(component.blocks.subarray(64 * block, 64 * block + 64), component);
  }
  return findMarker(data, bits.at);
}

function chooseReader(bits, isProgressive, scan, isRefinement) {
  if (!isProgressive) return (block, component) => readBlock(bits, block, component);
  if (scan.first === 0) {
    if (isRefinement) return (block) => refineDc(bits, block, scan.shift);
    return (block, component) => readFirstDc(bits, block, component, scan.shift);
  }
  const readAc = isRefinement ? refineAc : readFirstAc;
  return (block, component) => readAc(bits, block, component, scan);
}

/** The blocks between which a restart is possible: of several components, or of one. */
function* listUnits({ nAcross, nDown }, components) {
  if (components.length === 1) {
    const [component] = components;
    for (let row = 0; row < Math.ceil(component.height / 8); row++) {
      for (let column = 0; column < Math.ceil(component.width / 8); column++) {
        yield [[component, row * component.blocksAcross + column]];
      }
    }
    return;
  }
  for (let y = 0; y < nDown; y++) {
    for (let x = 0; x < nAcross; x++) {
      yield components.flatMap((component) => listBlocks(component, x, y));
    }
  }
}

function listBlocks(component, x, y) {
  const { across, down, blocksAcross } = component;
  return Array.from({ length: across * down }, (_, k) => {
    const [row, column] = [y * down + Math.floor(k / across), x * across + (k % across)];
    return [component, row * blocksAcross + column];
  });
}

function restart(bits, components, scan) {
  const at = findMarker(bits.data, bits.at);
  if (bits.data[at + 1] < 0xd0 || bits.data[at + 1] > 0xd7) throw new NotDecodable("it is damaged");
  bits.restart(at + 2);
  for (const component of components) component.previous = 0;
  scan.run.left = 0;
}

function findMarker(data, at) {
  while (at < data.length && !(data[at] === 0xff && data[at + 1] !== 0 && data[at + 1] !== 0xff)) at++;
  return at;
}

function makePicture({ frame, steps, factor }) {
  if (!frame) throw new NotDecodable("it has no picture");
  const side = 8 / factor;
  const planes = frame.components.map((component) => {
    // Colours that are stored at half the size need no reduction, or a smaller one.
    const isDoubled = factor > 1 && component.across === 1 && frame.components[0].across === 2 && frame.components[0].down === 2;
    return transformPlane(component, steps[component.table], isDoubled ? 2 * side : side);
  });
  return joinPlanes(planes, { width: Math.ceil(frame.width / factor), height: Math.ceil(frame.height / factor), isSmooth: side > 1 });
}

function transformPlane({ blocks, blocksAcross, blocksDown, width, height }, steps, side) {
  if (!steps) throw new NotDecodable("it is damaged");
  const stride = side * blocksAcross;
  const samples = new Uint8Array(stride * side * blocksDown);
  for (let row = 0, at = 0; row < blocksDown; row++) {
    for (let column = 0; column < blocksAcross; column++, at += 64) {
      transformBlock(blocks.subarray(at, at + 64), steps, side, samples, side * (row * stride + column), stride);
    }
  }
  return { samples, stride, width: Math.ceil((width * side) / 8), height: Math.ceil((height * side) / 8) };
}
