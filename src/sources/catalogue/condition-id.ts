/**
 * The canonical spelling of a condition id: lower case, 32 bytes. The ids of v2 markets have 31 bytes on the chain; elsewhere they are
 * padded with 00 on the right.
 */
export function conditionId(text: string): string {
  const id = text.trim().toLowerCase();
  return /^0x[0-9a-f]{62}$/.test(id) ? `${id}00` : id;
}

/** Kinds of v2 markets, by the first byte of their condition id. */
const STRUCTURES: Readonly<Record<string, string>> = { '01': 'binary', '02': 'neg-risk', '03': 'combo', '04': 'directional' };

/** The kind of a v2 market: only `binary` and `neg-risk` markets have a price that is a probability. */
export const structureOf = (id: string): string => STRUCTURES[conditionId(id).slice(2, 4)] ?? 'unknown';
