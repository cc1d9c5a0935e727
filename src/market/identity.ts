import { hash } from 'node:crypto';

/** Separates fields: it occurs in no number, name or id. */
const FIELD_END = '\u001f';

/**
 * The identity of a tick whose venue gives it none: a hash of what the venue said about it. Equal content gives the
 * same identity on every page, run and import. 96 bits: ten billion ticks collide with a chance of one in a billion.
 *
 * @param content the fields that make the trade, as the venue wrote them, in a fixed order
 * @param ordinal which copy of this content inside one page or file it is, from 0: exact copies are separate trades
 * @example
 * contentIdentity([transactionHash, tokenId, side, price, size, timestamp], 0) // 'q83vEjRWeJCrze8S'
 * contentIdentity([transactionHash, tokenId, side, price, size, timestamp], 1) // 'q83vEjRWeJCrze8S#1'
 */
export function contentIdentity(content: readonly (string | number | null)[], ordinal = 0): string {
  const name = hash('sha1', content.join(FIELD_END), 'base64url').slice(0, 16);
  return ordinal === 0 ? name : `${name}#${ordinal}`;
}

/**
 * The identity of a venue's price point: its instrument has one price at a time, so the time, which is part of every tick's key,
 * says it all. A point that comes again with another price has been revised.
 */
export const POINT_IDENTITY = 'point';
