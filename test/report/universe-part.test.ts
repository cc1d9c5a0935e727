import { describe, expect, it } from 'vitest';
import { universePart } from '../../src/report/history/universe-part.ts';

const HOUR = 3_600_000;
const AT = Date.parse('2026-11-24T12:00Z');

const text = (markup: unknown): string =>
  String(markup)
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');

describe('the universes on the page of all runs', () => {
  const category = {
    category: 'politics',
    members: 1200,
    open: 1100,
    quiet: 900,
    looked: AT - HOUR,
    oldest: AT - 5 * HOUR,
    covered: 0.957,
  };
  const mover = {
    instrument: 'polymarket:0x1',
    event: 'polymarket:7',
    title: 'Will <it> rain?',
    category: 'weather',
    before: 0.4,
    last: 0.25,
    volume: 12_345,
  };
  const universe = { universe: 'PM', listedAt: AT, categories: [category, { ...category, category: null, members: 3 }], movers: [mover] };

  it('show the markets of each category, the time since the last look and the collected share', () => {
    const page = text(universePart([universe], AT + HOUR));
    expect(page).toContain('PM: 1 203 markets');
    expect(page).toContain('politics 1 200 1 100 900');
    expect(page).toContain('95.7 %');
    expect(page).toContain('others');
  });

  it('link a market whose price moved to its event, and state its category, the time and the direction of the move', () => {
    const page = universePart([universe], AT + HOUR);
    expect(String(page)).toContain('href="/events/polymarket%3A7"');
    expect(text(page)).toContain('Will &lt;it&gt; rain? weather 0.400 0.250 ▼ 0.150');
    expect(text(page)).toContain('Largest moves, 2026-11-23 12:00Z to 2026-11-24 12:00Z');
  });

  it('state that no price moved, and that no open market was looked at', () => {
    const empty = { ...universe, categories: [{ ...category, open: 0, looked: null, oldest: null, covered: null }], movers: [] };
    const page = text(universePart([empty], AT));
    expect(page).toContain('no price moved in the day before the listing');
    expect(page).toContain('no run has looked at them');
    expect(page).toContain('no market is open');
  });

  it('are absent without a universe, which leaves the page as it is', () => {
    expect(String(universePart([], AT))).toBe('');
  });
});
