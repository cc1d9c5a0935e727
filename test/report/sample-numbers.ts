/** A seeded generator of numbers in [0, 1): the same seed, the same page. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

export const AS_OF = Date.parse('2026-11-24T08:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
