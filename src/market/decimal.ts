/**
 * An exact decimal number, `units / 10^decimals`. A double stands for the shortest decimal that reads back as it:
 * the number a venue or a file wrote, so that 0.1 + 0.2 is 0.3.
 */
export interface Decimal {
  readonly units: bigint;
  readonly decimals: number;
}

export const ZERO: Decimal = { units: 0n, decimals: 0 };

/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Below this a decimal has at most 15 digits, so exactly one double stands for it and it for exactly one double. */
export const MAX_UNITS = 1e15;

/**
 * How many decimals `value` is written with (0.37 → 2), or -1 when that takes more than 15 digits or `value` is not
 * finite: then only `toDecimal` is exact.
 */
export function decimalsOf(value: number): number {
  for (let decimals = 0; decimals <= 15; decimals++) {
    const scale = POWERS_OF_TEN[decimals];
    const units = Math.round(value * scale);
    if (Math.abs(units) >= MAX_UNITS) return -1;
    if (units / scale === value) return decimals;
  }
  return -1;
}

/** The shortest decimal of a finite double. */
export function toDecimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const decimals = fraction.length - Number(exponent);
  const units = BigInt(whole + fraction);
  return decimals >= 0 ? { units, decimals } : { units: units * 10n ** BigInt(-decimals), decimals: 0 };
}

/** The double nearest to a decimal. */
export function toNumber({ units, decimals }: Decimal): number {
  return Number(`${units}e-${decimals}`);
}

/** The same number with more decimals; `decimals` must not be smaller than its own. */
export const unitsAt = (value: Decimal, decimals: number): bigint => value.units * 10n ** BigInt(decimals - value.decimals);

export function add(a: Decimal, b: Decimal): Decimal {
  const decimals = Math.max(a.decimals, b.decimals);
  return { units: unitsAt(a, decimals) + unitsAt(b, decimals), decimals };
}

export const multiply = (a: Decimal, b: Decimal): Decimal => ({ units: a.units * b.units, decimals: a.decimals + b.decimals });
