import { hash } from 'node:crypto';

/** Separator of fields; it does not occur in a number, name or id. */
const FIELD_END = '\u001f';

/**
 * Identity of a tick without a venue's id: a hash of its content, equal on every page, run and import. With 96 bits, ten billion ticks
 * collide with a probability of one in a billion.
 *
 * @param content the fields that identify the trade, as the venue wrote them, in a fixed order
 * @param ordinal number of the copy of this content within one page or file, from 0: exact copies are separate trades
 * @example
 * contentIdentity([transactionHash, tokenId, side, price, size, timestamp], 0) // 'q83vEjRWeJCrze8S'
 * contentIdentity([transactionHash, tokenId, side, price, size, timestamp], 1) // 'q83vEjRWeJCrze8S#1'
 */
export function contentIdentity(content: readonly (string | number | null)[], ordinal = 0): string {
  const name = hash('sha1', content.join(FIELD_END), 'base64url').slice(0, 16);
  return ordinal === 0 ? name : `${name}#${ordinal}`;
}

/** Version of the rules for a trade's identity. It is the prefix of each identity, so that identities made by other rules never match. */
const TRADE_IDENTITY_VERSION = 1;
/** Number of decimals in an identity. Venues trade in millionths of a share and of a dollar; more decimals depend on formatting. */
const TRADED_DECIMALS = 6;

/**
 * Identity of a venue's trade without an id, independent of formatting: hexadecimal ids in lower case, numbers rounded to millionths.
 *
 * @param content the fields that identify the trade, in a fixed order
 * @example
 * tradeIdentity(['0xABC', tokenId, 'buy', 0.2972581967, 10, timestamp]) === tradeIdentity(['0xabc', tokenId, 'buy', 0.297258, 10, timestamp])
 */
export const tradeIdentity = (content: readonly (string | number | null)[]): string =>
  `${TRADE_IDENTITY_VERSION}:${contentIdentity(content.map((field) => (typeof field === 'number' ? Number(field.toFixed(TRADED_DECIMALS)) : spelledId(field))))}`;

/** The canonical spelling of an id: hexadecimal ids, with or without 0x and dashes, in lower case; all others unchanged. */
export const spelledId = <Id extends string | null>(id: Id): Id =>
  id !== null && /^(0x)?[0-9a-f-]+$/i.test(id) ? (id.toLowerCase() as Id) : id;

/** Identity of every price point: the key of a tick includes its time, so another price at the same time revises the point. */
export const POINT_IDENTITY = 'point';
