/**
 * A pseudo-random number in [0, 1) for each combination of integers. It is not a stream: what one task draws does not depend on when
 * it runs, so two rehearsals that differ in one setting differ only by that setting. The mixing steps are MurmurHash3's finaliser.
 */
export function drawn(seed: number, ...parts: readonly number[]): number {
  let hash = mixed(seed ^ 0x9e3779b9);
  for (const part of parts) hash = mixed(hash ^ Math.imul(part + 0x7f4a7c15, 0x9e3779b1));
  return hash / 4_294_967_296;
}

function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A standard normal value from two numbers in [0, 1) (Box–Muller). */
export const normal = (first: number, second: number): number => Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second);
