import { afterEach, expect, it } from 'vitest';
import type { LoggedRequest } from '../../sandbox/request-log.ts';
import { instrumentsOf } from '../../src/storage/markets/instruments.ts';
import { type CollectRig, createCollectRig, NOON } from '../sources/collect-rig.ts';

const MINUTE = 60_000;
const GROUP = 'bitcoin-above-this-month';

let rig: CollectRig;
let clock = NOON;
afterEach(() => rig.close());

const isDiscovery = ({ route }: LoggedRequest): boolean => /gamma|categories|\/v1\/markets\/\{id\}$/.test(route);

it('collecting again right after a run makes at most four requests per open instrument, and none for closed ones beyond discovery', async () => {
  rig = await createCollectRig({ now: () => clock });
  await rig.add({
    symbol: 'MIXED',
    sources: {
      polymarket: [
        { eventSlug: GROUP },
        { slug: 'rate-cut-at-the-last-meeting' },
        { slug: 'match-abandoned' },
        { seriesSlug: 'btc-updown-1h' },
      ],
      predict: [{ categorySlug: GROUP }, { marketId: 4011 }, { categorySlug: 'eth-updown-flat-day' }],
    },
  });
  clock = NOON + 5 * MINUTE;
  await rig.collectAndStore({ symbol: 'MIXED', executionId: 'first' });
  // once more, after the late trades of the newest closes are listed
  clock = NOON + 17 * MINUTE;
  await rig.collectAndStore({ symbol: 'MIXED', executionId: 'settled' });
  const instruments = await instrumentsOf(rig.database, 'MIXED', ['polymarket', 'predict']);
  const open = instruments.filter(({ closed }) => !closed);
  expect(open.length).toBeGreaterThanOrEqual(6);
  expect(instruments.length - open.length).toBeGreaterThanOrEqual(20);

  rig.venue.requests.length = 0;
  clock += 20_000;
  const { store } = await rig.collectAndStore({ symbol: 'MIXED', executionId: 'second' });
  const collecting = rig.venue.requests.filter((request) => !isDiscovery(request));
  for (const { id, outcomeIds } of instruments) {
    const key = id.slice(id.indexOf(':') + 1);
    const mine = collecting.filter(({ url }) => [key, ...outcomeIds].some((part) => new RegExp(`[=/]${part}(\\D|$)`).test(url)));
    const closed = !open.some((instrument) => instrument.id === id);
    expect(mine.length, `${id} ${mine.map(({ url }) => url).join(' ')}`).toBeLessThanOrEqual(closed ? 0 : 3);
  }
  expect(rig.venue.requests.length - collecting.length).toBeLessThanOrEqual(10);
  expect(store.output).toMatchObject({ gaps: 0 });
});
