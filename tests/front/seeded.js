// Numbers from a seed, the same at every run.

export function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform: (low, high) => low + (high - low) * next(),
    integer: (low, high) => Math.floor(low + (high - low) * next()),
  };
}

// Throws unless two numbers are the same but for rounding.
export function near(value, wanted, tolerance = 1e-6) {
  const apart = Math.abs(value - wanted);
  if (!(apart <= tolerance * Math.max(1, Math.abs(wanted)))) throw new Error(`${value} is not ${wanted}`);
}
