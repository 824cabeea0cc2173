// The inverse transforms of JPEG at full, half, quarter and eighth size, exactly as libjpeg computes
// them: jidctint.c and jidctred.c, of the algorithm by Loeffler, Ligtenberg and Moschytz (1989).

const CONSTANT_BITS = 13;
const FIRST_BITS = 2;
const work = new Int32Array(64);

/**
 * Transform a block of coefficients, times their quantisation, to side × side samples.
 * @param {Int16Array} block 64 coefficients
 * @param {Uint16Array} steps their quantisation
 * @param {number} side 8, 4, 2 or 1
 * @param {Uint8Array} target plane of samples
 * @param {number} start of the block in the plane
 * @param {number} stride samples in a row of the plane
 */
export function transformBlock(block, steps, side, target, start, stride) {
  if (side === 1) {
    target[start] = limit(descale(block[0] * steps[0], 3));
    return;
  }
  const { transform, bits } = TRANSFORMS[side];
  for (let column = 0; column < 8; column++) {
    const c = (row) => block[8 * row + column] * steps[8 * row + column];
    const values = transform(c(0), c(1), c(2), c(3), c(4), c(5), c(6), c(7));
    for (let row = 0; row < side; row++) work[8 * row + column] = descale(values[row], CONSTANT_BITS - FIRST_BITS + bits);
  }
  for (let row = 0; row < side; row++) {
    const at = 8 * row;
    const values = transform(
      work[at], work[at + 1], work[at + 2], work[at + 3], work[at + 4], work[at + 5], work[at + 6], work[at + 7],
    );
    for (let column = 0; column < side; column++) {
      target[start + row * stride + column] = limit(descale(values[column], CONSTANT_BITS + FIRST_BITS + 3 + bits));
    }
  }
}

const eight = new Float64Array(8);
const four = new Float64Array(4);
const two = new Float64Array(2);

function transformEight(c0, c1, c2, c3, c4, c5, c6, c7) {
  const turned = (c2 + c6) * 4433;
  const even2 = turned - c6 * 15137;
  const even3 = turned + c2 * 6270;
  const even0 = (c0 + c4) * 8192;
  const even1 = (c0 - c4) * 8192;
  const outer = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];

  const z5 = (c7 + c3 + c5 + c1) * 9633;
  const z1 = (c7 + c1) * -7373;
  const z2 = (c5 + c3) * -20995;
  const z3 = (c7 + c3) * -16069 + z5;
  const z4 = (c5 + c1) * -3196 + z5;
  const odd = [c1 * 12299 + z1 + z4, c3 * 25172 + z2 + z3, c5 * 16819 + z2 + z4, c7 * 2446 + z1 + z3];
  for (let k = 0; k < 4; k++) {
    eight[k] = outer[k] + odd[k];
    eight[7 - k] = outer[k] - odd[k];
  }
  return eight;
}

// Means of two neighbours each, in which the fourth coefficient cancels.
function transformFour(c0, c1, c2, c3, c4, c5, c6, c7) {
  const mean = c0 * 16384;
  const even = c2 * 15137 - c6 * 6270;
  const inner = c7 * -1730 + c5 * 11893 - c3 * 17799 + c1 * 8697;
  const outer = c7 * -4176 - c5 * 4926 + c3 * 7373 + c1 * 20995;
  four[0] = mean + even + outer;
  four[1] = mean - even + inner;
  four[2] = mean - even - inner;
  four[3] = mean + even - outer;
  return four;
}

function transformTwo(c0, c1, c2, c3, c4, c5, c6, c7) {
  const odd = c7 * -5906 + c5 * 6967 - c3 * 10426 + c1 * 29692;
  two[0] = c0 * 32768 + odd;
  two[1] = c0 * 32768 - odd;
  return two;
}

const TRANSFORMS = {
  8: { transform: transformEight, bits: 0 },
  4: { transform: transformFour, bits: 1 },
  2: { transform: transformTwo, bits: 2 },
};

function descale(value, bits) {
  return (value + (1 << (bits - 1))) >> bits;
}

function limit(value) {
  return Math.min(Math.max(value + 128, 0), 255);
}
