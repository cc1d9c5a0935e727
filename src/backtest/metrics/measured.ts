/** A metric's value, or the reason why it has none for these numbers. */
export type Measured = number | Undefined;

/** Why a ratio has no value; shown to users as `undefined: { sharpe: "…" }`. */
export interface Undefined {
  readonly because: string;
}

/** A metric that has no value, with the reason. */
export const undefinedBecause = (because: string): Undefined => ({ because });

/** Splits measured values into numbers (null where undefined) and the reasons. Values that overflowed are undefined too. */
export function separate<Name extends string>(
  measured: Readonly<Record<Name, Measured>>,
): {
  readonly values: Record<Name, number | null>;
  readonly reasons: Partial<Record<Name, string>>;
} {
  const values = {} as Record<Name, number | null>;
  const reasons: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(measured) as Name[]) {
    const value = measured[name];
    if (typeof value === 'number' && Number.isFinite(value)) {
      values[name] = value;
    } else {
      values[name] = null;
      reasons[name] = typeof value === 'number' ? 'too large for a number' : value.because;
    }
  }
  return { values, reasons };
}
