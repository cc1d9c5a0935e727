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

/** Which rules a trade's identity was made by: identities of other rules are other ones, and are distinguished by their first letters. */
const TRADE_IDENTITY_VERSION = 1;
/** Venues trade in millionths of a share and of a dollar; further decimals come and go with their formatting. */
const TRADED_DECIMALS = 6;

/**
 * The identity of a venue's trade without an id of its own. Spelling does not count: hexadecimal ids are read in lower case and numbers are
 * rounded to millionths, so a venue that writes its rows in another way does not make new trades of them.
 *
 * @param content the fields that make the trade, in a fixed order
 * @example
 * tradeIdentity(['0xABC', tokenId, 'buy', 0.2972581967, 10, timestamp]) === tradeIdentity(['0xabc', tokenId, 'buy', 0.297258, 10, timestamp])
 */
export const tradeIdentity = (content: readonly (string | number | null)[]): string =>
  `${TRADE_IDENTITY_VERSION}:${contentIdentity(content.map((field) => (typeof field === 'number' ? Number(field.toFixed(TRADED_DECIMALS)) : spelledId(field))))}`;

/** An id in its one spelling: hexadecimal ones, with or without 0x and dashes, in lower case; all others as they are. */
export const spelledId = <Id extends string | null>(id: Id): Id =>
  id !== null && /^(0x)?[0-9a-f-]+$/i.test(id) ? (id.toLowerCase() as Id) : id;

/**
 * The identity of a venue's price point: its instrument has one price at a time, so the time, which is part of every tick's key,
 * says it all. A point that comes again with another price has been revised.
 */
export const POINT_IDENTITY = 'point';
