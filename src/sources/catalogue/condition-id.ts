/**
 * The canonical spelling of a condition id: lower case, 32 bytes. Ids of v2 markets have 31 bytes on the chain, elsewhere padded with 00
 * on the right.
 */
export function conditionId(text: string): string {
  const id = text.trim().toLowerCase();
  return /^0x[0-9a-f]{62}$/.test(id) ? `${id}00` : id;
}

/** Structure of a v2 market by the first byte of its condition id. */
const STRUCTURES: Readonly<Record<string, string>> = { '01': 'binary', '02': 'neg-risk', '03': 'combo', '04': 'directional' };

/** The structure of a v2 market: only `binary` and `neg-risk` are probability markets. */
export const structureOf = (id: string): string => STRUCTURES[conditionId(id).slice(2, 4)] ?? 'unknown';
