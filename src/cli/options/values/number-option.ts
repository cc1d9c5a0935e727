import { usageError } from '../../terminal/exit.ts';

/**
 * A number that an option was given.
 *
 * @param range.wanted what to write instead, where the bounds alone read badly
 * @throws ExitError 2 when it is none, or outside [least, most]
 */
export function numberOption(
  name: string,
  text: string | undefined,
  range: { least?: number; most?: number; integer?: boolean; wanted?: string } = {},
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, integer = false } = range;
  const fits = Number.isFinite(value) && value >= least && value <= most && (!integer || Number.isInteger(value));
  if (!fits) {
    const bounds =
      most === Number.POSITIVE_INFINITY ? (least === Number.NEGATIVE_INFINITY ? '' : ` of at least ${least}`) : ` from ${least} to ${most}`;
    throw usageError(`${name} ${text}: write ${range.wanted ?? `${integer ? 'a whole number' : 'a number'}${bounds}`}`);
  }
  return value;
}
