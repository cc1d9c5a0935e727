import type { TrueTick } from '../../sandbox/truth.ts';
import type { SandboxVenue } from '../../sandbox/venue.ts';

/** A moment in the middle of an hour, so that blocks are cut by now. */
export const NOW = Date.UTC(2026, 5, 10, 13, 37, 11);

/** The body of any answer of a venue; each test states what it must be. */
export type Body = ReturnType<typeof JSON.parse>;

export type Row = Readonly<Record<string, unknown>>;

/** One request; JSON where it is JSON. */
export async function get(venue: SandboxVenue, path: string): Promise<{ status: number; body: Body; headers: Headers }> {
  const response = await fetch(venue.url + path, { headers: path.startsWith('/predict') ? { 'x-api-key': 'sandbox-key' } : {} });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

/** Like `get`, but repeats the request until the status is 200. */
async function insist(venue: SandboxVenue, path: string): Promise<Body> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = await get(venue, path).catch(() => undefined);
    if (answer?.status === 200) return answer.body;
  }
  throw new Error(`no answer to ${path} in 50 attempts`);
}

/** Pages of trades of an instrument, newest first, as the venue gives them. */
export async function* pagesOf(venue: SandboxVenue, instrument: string, limit: number): AsyncGenerator<readonly Row[]> {
  const [name, id] = instrument.split(':');
  let cursor: string | null = null;
  do {
    if (name === 'polymarket') {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const body = await insist(venue, `/polymarket/data/v2/trades?condition=${id}&limit=${limit}${query}`);
      yield body.data;
      cursor = body.pagination.next_cursor;
    } else {
      const query: string = cursor === null ? '' : `&after=${encodeURIComponent(cursor)}`;
      const body = await insist(venue, `/predict/v1/orders/matches?marketId=${id}&first=${limit}${query}`);
      yield body.data;
      cursor = body.cursor;
    }
  } while (cursor !== null);
}

/** A plain collector: identity by venue id or content plus ordinal in the page, bad rows left out, oldest first. */
export async function collect(venue: SandboxVenue, instrument: string, limit: number): Promise<readonly Omit<TrueTick, 'order'>[]> {
  const outcomes = venue.truth.instruments().find(({ id }) => id === instrument)!.outcomes;
  const found = new Map<string, Omit<TrueTick, 'order'>>();
  for await (const page of pagesOf(venue, instrument, limit)) {
    const copies = new Map<string, number>();
    for (const row of page) {
      const content = typeof row['settlementId'] === 'string' ? row['settlementId'] : JSON.stringify(row);
      const copy = copies.get(content) ?? 0;
      copies.set(content, copy + 1);
      const tick = tickOf(row, outcomes);
      if (tick !== undefined) found.set(`${content}#${copy}`, tick);
    }
  }
  // a stable sort of the reversed rows: inside a second the venue's order holds
  return [...found.values()].reverse().sort((a, b) => a.time - b.time);
}

function tickOf(row: Row, outcomes: readonly string[]): Omit<TrueTick, 'order'> | undefined {
  const match = row as Body;
  const predict = match.settlementId !== undefined;
  const taker = predict ? match.taker : undefined;
  const outcome: string = predict ? taker.outcome.name : match.outcome;
  const price = predict ? fromWei(match.priceExecuted) : numberOf(match.price);
  const size = predict ? fromWei(match.amountFilled) : numberOf(match.size);
  const time = predict ? Date.parse(match.executedAt) : match.timestamp * 1000;
  const known = outcomes.includes(outcome) && match.token_id !== '1234567890';
  if (!known || !(price >= 0 && price <= 1) || !(size > 0) || time > NOW + 86_400_000) return undefined;
  const first = outcome === outcomes[0];
  const buy = (predict ? taker.quoteType === 'Bid' : match.side === 'BUY') === first;
  return {
    time,
    price: first ? price : Number((1 - price).toFixed(6)),
    size,
    side: buy ? 'buy' : 'sell',
    outcome,
    tradeId: predict ? match.settlementId : null,
  };
}

const numberOf = (value: unknown): number => (value === null || value === undefined ? Number.NaN : Number(value));
const fromWei = (value: unknown): number =>
  typeof value === 'string' && /^-?\d+$/.test(value) ? Number(BigInt(value) / 10n ** 12n) / 1e6 : Number.NaN;

/** The truth without positions, for comparison. */
export const trueTicks = (venue: SandboxVenue, instrument: string): readonly Omit<TrueTick, 'order'>[] =>
  venue.truth.ticks(instrument).map(({ time, price, size, side, outcome, tradeId }) => ({ time, price, size, side, outcome, tradeId }));
