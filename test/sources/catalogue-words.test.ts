import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { messageOf } from '../../src/contracts/errors.ts';
import { parseCatalogue } from '../../src/sources/catalogue/parse-catalogue.ts';
import { worlds } from '../support/worlds.ts';

const good = {
  symbol: 'RAIN',
  title: 'Rain',
  enabled: true,
  priority: 3,
  sources: {
    polymarket: [{ slug: 'rain' }, { conditionId: '0x1' }],
    predict: [{ marketId: 1 }],
    file: [
      {
        path: 'rain.csv',
        columns: { time: 'T' },
        market: 'probability',
        closesAt: '2026-01-01T00:00:00Z',
        resolution: 1,
        tick: 0.01,
        fees: { model: 'flat', rate: 0.01 },
      },
    ],
  },
};

type Node = Record<string, unknown> | unknown[];

/** Every place in a value, as a path. */
function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, each]) => placesIn(each, [...path, key]))];
}

function changed(path: readonly string[], to: unknown): unknown {
  if (path.length === 0) return to;
  const copy = structuredClone(good) as unknown as Node;
  let at = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path[path.length - 1]] = to;
  return copy;
}

const wrongThing = fc.oneof(
  fc.constantFrom(null, undefined, '', ' ', 'x', [], {}, [3], { other: 1 }, true, -1, 0.5, 1e9, Number.NaN, Number.POSITIVE_INFINITY, {
    slug: '',
  }),
  fc.jsonValue(),
);
const places = placesIn(good);

it('each problem of a catalogue is reported in one line: where, what, and what to write', () => {
  let wrong = 0;
  const oddKey = fc.constantFrom(
    [],
    ['sources'],
    ['sources', 'file', '0'],
    ['sources', 'file', '0', 'columns'],
    ['sources', 'polymarket', '0'],
  );
  const mistakes = fc.oneof(
    fc.tuple(fc.constantFrom(...places), wrongThing),
    fc.tuple(
      oddKey.map((path) => [...path, 'polymarkt']),
      wrongThing,
    ),
  );
  fc.assert(
    fc.property(mistakes, ([path, to]) => {
      try {
        // as a file contains it
        parseCatalogue(JSON.parse(JSON.stringify([changed(path, to)])), 'catalogue.json');
      } catch (error) {
        wrong++;
        const [first, ...lines] = messageOf(error).split('\n');
        expect(first).toMatch(/^catalogue\.json has \d+ problems?; nothing was imported:$/);
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) {
          expect(line).toMatch(/^- \[0\].*: .*(?:write|must|takes|may|is |pays|no price|only|closed|leave)/);
          expect(line).not.toMatch(/Invalid|expected|received|Unrecognized|Too (?:small|big)|undefined|\bzod\b/);
        }
      }
    }),
    { numRuns: worlds(2_000) },
  );
  expect(wrong).toBeGreaterThan(worlds(2_000) / 2);
});
