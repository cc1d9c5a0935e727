const NOT_FINITE = /^[+-]?(nan|inf|infinity|1\.#(inf|qnan|ind))$/i;
/** 1,234.5 inside quotes. */
const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
/** Number() reads 0x1f, 0b1 and 0o7; nobody writes prices so, but torn ids look like it. */
const OTHER_BASE = /^[+-]?0[xbo]/i;

/**
 * The number a field says: `0.5`, `.5`, `5e-1`, `+0.5`, `1,234.5`; NaN and infinities as such.
 *
 * @returns null when the field is empty or no number
 */
export function parseNumber(field: string): number | null {
  const text = field.trim();
  if (text === '') return null;
  const value = Number(text);
  if (!Number.isNaN(value)) return OTHER_BASE.test(text) ? null : value;
  if (NOT_FINITE.test(text)) return Number.NaN;
  return GROUPED.test(text) ? Number(text.replaceAll(',', '')) : null;
}
