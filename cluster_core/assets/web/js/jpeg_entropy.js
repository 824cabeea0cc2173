// The compressed data of a JPEG: bits, Huffman codes, and the coefficients of a block.
// Source: ITU-T T.81, annexes F and G.

/** What this decoder does not read, or what is damaged; the browser then decodes the file. */
export class NotDecodable extends Error {}

// Where the coefficients, stored from low to high frequencies, belong in a block.
const ZIGZAG = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
);
const MAX_MISSING_BYTES = 8;

/** Reads bits, most significant first, up to the next marker. */
export class BitReader {
  constructor(data, at) {
    Object.assign(this, { data, at, buffer: 0, count: 0, nMissing: 0 });
  }

  /** Start again after a restart marker, at its end. */
  restart(at) {
    Object.assign(this, { at, buffer: 0, count: 0, nMissing: 0 });
  }

  fill() {
    while (this.count <= 16) {
      let byte = this.data[this.at];
      if (byte === 0xff && this.data[this.at + 1] === 0) this.at += 2;
      else if (byte === 0xff || byte === undefined) byte = this.miss();
      else this.at++;
      this.buffer = (this.buffer << 8) | byte;
      this.count += 8;
    }
  }

  miss() {
    if (++this.nMissing > MAX_MISSING_BYTES) throw new NotDecodable("it is cut off");
    return 0;
  }

  read(n) {
    if (n === 0) return 0;
    this.fill();
    this.count -= n;
    return (this.buffer >>> this.count) & ((1 << n) - 1);
  }

  /** A number of n bits whose first bit says that it is positive. */
  readSigned(n) {
    const value = this.read(n);
    return n && value < 1 << (n - 1) ? value - (1 << n) + 1 : value;
  }

  readSymbol(table) {
    this.fill();
    const found = table[(this.buffer >>> (this.count - 16)) & 0xffff];
    if (!found) throw new NotDecodable("a code is unknown");
    this.count -= found >> 8;
    return found & 0xff;
  }
}

/**
 * Make a table of the codes: for each next 16 bits, the length of the code times 256, and its symbol.
 * @param {Uint8Array} lengths number of codes of 1 to 16 bits
 * @param {Uint8Array} symbols in the order of the codes
 */
export function makeCodes(lengths, symbols) {
  const table = new Uint16Array(2 ** 16);
  let at = 0;
  let index = 0;
  lengths.forEach((count, length) => {
    for (let k = 0; k < count; k++, index++) {
      const end = at + 2 ** (15 - length);
      table.fill(((length + 1) << 8) | symbols[index], at, end);
      at = end;
    }
  });
  return table;
}

/** All coefficients of a block. */
export function readBlock(bits, block, component) {
  readFirstDc(bits, block, component, 0);
  for (let k = 1; k < 64; k++) {
    const symbol = bits.readSymbol(component.acCodes);
    const size = symbol & 15;
    if (size === 0 && symbol !== 0xf0) return;
    k += symbol >> 4;
    if (size) block[ZIGZAG[k & 63]] = bits.readSigned(size);
  }
}

export function readFirstDc(bits, block, component, shift) {
  component.previous += bits.readSigned(bits.readSymbol(component.dcCodes));
  block[0] = component.previous << shift;
}

export function refineDc(bits, block, shift) {
  block[0] |= bits.read(1) << shift;
}

/** The first bits of the coefficients in a band of frequencies. */
export function readFirstAc(bits, block, component, { first, last, shift, run }) {
  if (run.left > 0) {
    run.left--;
    return;
  }
  for (let k = first; k <= last; k++) {
    const symbol = bits.readSymbol(component.acCodes);
    const [zeros, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && zeros < 15) {
      run.left = (1 << zeros) + bits.read(zeros) - 1;
      return;
    }
    k += zeros;
    if (size) block[ZIGZAG[k & 63]] = bits.readSigned(size) << shift;
  }
}

/** One more bit of the coefficients in a band. */
export function refineAc(bits, block, component, { first, last, shift, run }) {
  const bit = 1 << shift;
  let k = first;
  while (k <= last && run.left === 0) {
    const symbol = bits.readSymbol(component.acCodes);
    const [zeros, size] = [symbol >> 4, symbol & 15];
    if (size === 0 && zeros < 15) {
      run.left = (1 << zeros) + bits.read(zeros);
      break;
    }
    const value = size ? (bits.read(1) ? bit : -bit) : 0;
    k = refineUntil(bits, block, { k, last, bit, zeros });
    if (value && k <= last) block[ZIGZAG[k]] = value;
    k++;
  }
  if (run.left > 0) {
    refineUntil(bits, block, { k, last, bit, zeros: 64 });
    run.left--;
  }
}

/** Refine what is not zero, and return the position after so many zeros. */
function refineUntil(bits, block, { k, last, bit, zeros }) {
  for (; k <= last; k++) {
    const at = ZIGZAG[k];
    if (block[at] === 0) {
      if (zeros-- === 0) return k;
    } else if (bits.read(1) && !(Math.abs(block[at]) & bit)) {
      block[at] += block[at] > 0 ? bit : -bit;
    }
  }
  return k;
}

export { ZIGZAG };
