const isEmpty = (value) => value === undefined || value === null || value === '';
const isNumberAsText = (value) => typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
/** The value of a row at a place of a client's complaint, whose first part is the field's name. */
const at = (row, place) => row[place.split('.')[0]];

/** Fields of a row that our adapters read, named as in the errors of the venues' clients. Only the clients require a value in other fields. */
export const READ = {
  market:
    /^(condition_?id$|slug|question$|outcomes?($|\.)|outcomePrices|clobTokenIds|positionIds|version|closed|state\.(closed|end_date)|endDate$|closedTime|trading\.(minimum_tick_size|fee_schedule|fees_enabled)|orderPriceMinTickSize|fee(Schedule|sEnabled)|metrics\.volume(_num)?$|volume(Num)?$|\$)/i,
  trade: /^(token_id|side|size|price|timestamp|transaction_hash|proxy_wallet|\$)/,
  point: /./,
  record: /^(condition_id|status|payouts|price|resolved_at|last_update_timestamp|\$)/,
  book: /^(bids|asks|timestamp|\$)/,
  'kalshi market': /^(ticker|event_ticker|open_time|close_time|latest_expiration_time|status|result|settlement_(ts|value))/,
  'kalshi trade': /^(trade_id|ticker|count_fp|yes_price_dollars|taker_outcome_side|created_time)/,
  'kalshi book': /./,
};

export const NOT_READ = 'the client also insists on a field that PredictLab does not read';

const TEXT = 'numbers as text and text as numbers are read, so that a change of spelling loses no row';
const CASE = 'words and ids are read in any case';
const WORD = 'an unknown word is noted as a change of the venue and leaves the result open, so that no row is lost';
const ABSENT = 'a fact that is absent, null or empty counts as unknown; the market or the row is kept';

/** Places that both read and only the client refuses. */
export const PLACES = [
  {
    route: 'kalshi market',
    place: /^(status|result)/,
    fits: (row) => /^[A-Z]+$/.test(row.status) || /^[A-Z]+$/.test(row.result),
    why: CASE,
  },
  { route: 'kalshi market', place: /^(status|result)/, fits: () => true, why: WORD },
  { route: 'kalshi market', place: /time|settlement|event_ticker|ticker/, fits: () => true, why: ABSENT },
  { route: 'kalshi trade', place: /^taker/, fits: (row) => /^(yes|no)$/i.test(row.taker_outcome_side), why: CASE },
  { route: 'kalshi trade', place: /^(count_fp|yes_price_dollars|created_time)/, fits: () => true, why: TEXT },
  { route: 'kalshi trade', place: /^ticker/, fits: () => true, why: ABSENT },
  { route: 'kalshi book', place: /./, fits: () => true, why: TEXT },
  { route: 'market', place: /^condition/i, fits: (row) => String(row.conditionId).startsWith('0X'), why: CASE },
  { route: 'market', place: /^version/, fits: (row) => isEmpty(row.version), why: ABSENT },
  { route: 'market', place: /^version/, fits: (row) => /^(v?[12])$/i.test(row.version), why: CASE },
  { route: 'market', place: /closed/i, fits: (row) => isEmpty(row.closed) || isEmpty(row.closedTime), why: ABSENT },
  { route: 'market', place: /slug|question|end_?date|closed_?time|fee|volume|tick/i, fits: () => true, why: ABSENT },
  {
    route: 'market',
    place: /outcome|clobTokenIds|positionIds|\$/,
    fits: () => true,
    why: 'token ids and prices that are numbers are read as text',
  },
  { route: 'trade', place: /^side/, fits: (row) => /^(buy|sell)$/i.test(row.side), why: CASE },
  {
    route: 'trade',
    place: /^(transaction_hash|proxy_wallet)/,
    fits: () => true,
    why: 'a trade without wallet or transaction keeps its price, and its identity is the rest of it',
  },
  { route: 'trade', place: /^token_id/, fits: (row) => typeof row.token_id === 'number', why: TEXT },
  {
    route: 'trade',
    place: /^(size|price|timestamp)/,
    fits: (row) => ['size', 'price', 'timestamp'].some((name) => isNumberAsText(row[name])),
    why: TEXT,
  },
  { route: 'point', place: /^(timestamp|price)/, fits: (row, place) => isNumberAsText(at(row, place)), why: TEXT },
  { route: 'point', place: /^resolution_seconds/, fits: () => true, why: 'a point without a readable grain has the grain of its request' },
  {
    route: 'record',
    place: /^status/,
    fits: (row) => /^(initialized|posed|proposed|challenged|reproposed|disputed|active|arbitration|resolved)$/i.test(row.status),
    why: CASE,
  },
  { route: 'record', place: /^status/, fits: () => true, why: WORD },
  { route: 'record', place: /^condition_id/, fits: (row) => String(row.condition_id).startsWith('0X'), why: CASE },
  {
    route: 'record',
    place: /^\$/,
    fits: (row) => !Array.isArray(row.payouts),
    why: 'payouts that are not a list are noted as a change of the venue',
  },
  { route: 'record', place: /^(price|payouts|resolved_at|last_update_timestamp)/, fits: () => true, why: ABSENT },
  { route: 'book', place: /^timestamp/, fits: () => true, why: 'a book without a readable time has the time of the run' },
  { route: 'book', place: /^(bids|asks)/, fits: () => true, why: TEXT },
];

/** Fields that both read and that differ, or answers that only the client reads. */
export const FIELDS = [
  { route: 'trade', field: 'wallet', fits: (_, ours, theirs) => ours === null && theirs === '', why: ABSENT },
  { route: 'trade', field: 'transaction', fits: (_, ours, theirs) => ours === null && theirs === '', why: ABSENT },
  { route: 'market', field: 'title', fits: (_, ours, theirs) => ours === null && theirs === '', why: ABSENT },
  {
    route: 'book',
    field: 'at',
    fits: (_, ours, theirs) => ours === -1 && theirs === null,
    why: 'a book without a readable time has the time of the run',
  },
  {
    route: 'market',
    field: 'only theirs reads it',
    fits: (_, ours) => /by its condition id/.test(ours),
    why: 'the id of a v2 market states its structure; a v2 market with another id is left out by name',
  },
  {
    route: 'market',
    field: 'only theirs reads it',
    fits: (row) => isEmpty(row.conditionId) || isEmpty(row.slug) || isEmpty(row.closed),
    why: 'a market without id, slug or state cannot be collected and is reported by name',
  },
  {
    route: 'kalshi market',
    field: 'only theirs reads it',
    fits: (row) => isEmpty(row.ticker),
    why: 'a market without id, slug or state cannot be collected and is reported by name',
  },
  {
    route: 'trade',
    field: 'only theirs reads it',
    fits: (row) => isEmpty(row.token_id),
    why: 'a trade without an outcome has no price of the first outcome: it goes to quarantine',
  },
  ...['trade', 'point', 'kalshi trade'].map((route) => ({
    route,
    field: 'only theirs reads it',
    fits: (_, ours) => ours === 'not-finite' || ours === 'malformed',
    why: 'a row whose price, size or time is not a number, or that has no id where the venue gives one, goes to quarantine',
  })),
  {
    route: 'market',
    field: 'only theirs reads it',
    fits: (_, ours) => /order book/.test(ours),
    why: 'a market without its token ids cannot be collected and is reported by name',
  },
  {
    route: 'record',
    field: 'only theirs reads it',
    fits: (row) => Array.isArray(row.payouts) && row.payouts[0] + row.payouts[1] !== 1_000_000,
    why: 'payouts that are not those of two outcomes (0/0 of legacy markets) are no sign of a result',
  },
  {
    route: 'record',
    field: 'only theirs reads it',
    fits: (row) => !Array.isArray(row.payouts) && (isEmpty(row.price) || Number(row.price) === 69),
    why: 'a resolved record without payouts and price is no sign of a result',
  },
  {
    route: 'record',
    field: 'only theirs reads it',
    fits: (row) => isEmpty(row.condition_id) || isEmpty(row.status),
    why: 'a record without an id or a status is no sign of a result',
  },
];
