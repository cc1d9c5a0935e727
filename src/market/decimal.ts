/** An exact decimal, `units / 10^decimals`. A double becomes the shortest decimal that parses back to it, so 0.1 + 0.2 is 0.3. */
export interface Decimal {
  readonly units: bigint;
  readonly decimals: number;
}

/** The number 0, without decimals. */
export const ZERO: Decimal = { units: 0n, decimals: 0 };

/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Limit of 15 digits: a decimal with fewer units survives the conversion to a double and back. */
export const MAX_UNITS = 1e15;

/** Number of decimals of `value` (0.37 → 2), or -1 when it needs more than 15 digits or is not finite: then only `toDecimal` is exact. */
export function decimalsOf(value: number): number {
  for (let decimals = 0; decimals <= 15; decimals++) {
    const scale = POWERS_OF_TEN[decimals];
    const units = Math.round(value * scale);
    if (Math.abs(units) >= MAX_UNITS) return -1;
    if (units / scale === value) return decimals;
  }
  return -1;
}

/** Powers of ten as big integers, kept because computing one costs more than using it. */
const BIG_POWERS: readonly bigint[] = Array.from({ length: 64 }, (_, power) => 10n ** BigInt(power));
const bigPower = (power: number): bigint => BIG_POWERS[power] ?? 10n ** BigInt(power);

/** The shortest decimal that parses back to a finite double. */
export function toDecimal(value: number): Decimal {
  const text = String(value);
  const exponentAt = text.indexOf('e');
  const exponent = exponentAt < 0 ? 0 : Number(text.slice(exponentAt + 1));
  const mantissa = exponentAt < 0 ? text : text.slice(0, exponentAt);
  const point = mantissa.indexOf('.');
  const units = BigInt(point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1));
  const decimals = (point < 0 ? 0 : mantissa.length - point - 1) - exponent;
  return decimals >= 0 ? { units, decimals } : { units: units * bigPower(-decimals), decimals: 0 };
}

/** The double nearest to a decimal. */
export function toNumber({ units, decimals }: Decimal): number {
  return Number(`${units}e-${decimals}`);
}

/** The units of a decimal when it is written with `decimals` decimals; `decimals` must not be smaller than its own. */
export const unitsAt = (value: Decimal, decimals: number): bigint =>
  decimals === value.decimals ? value.units : value.units * bigPower(decimals - value.decimals);

/** a + b, exact. */
export function add(a: Decimal, b: Decimal): Decimal {
  const decimals = Math.max(a.decimals, b.decimals);
  return { units: unitsAt(a, decimals) + unitsAt(b, decimals), decimals };
}

/** a · b, exact. */
export const multiply = (a: Decimal, b: Decimal): Decimal => ({ units: a.units * b.units, decimals: a.decimals + b.decimals });
