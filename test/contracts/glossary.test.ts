import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as marketData from '../../src/contracts/market-data.ts';
import * as words from '../../src/contracts/words.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const rows = read('docs/glossary.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| word |'))
  .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')));

/** Words in names that have their usual meaning. */
const PLAIN = new Set(
  `after and are at before by critical cancelled default define ending failed file final found free from fields freeze id ids in indicators
  info input is kind kinds last levels look malformed name names named not number of off only option options order orders other out
  overrides owner pending price prices print range reading reasons read record request result results retry row rows running
  schedule selected signs size skipped so start started stats status success symbol symbols task tasks text time twin type types
  unknown with within day hour minute second ms table log data module context error page reader response http float set item key activity bands bin discover finite path planned return lab`.split(
    /\s+/,
  ),
);

const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 1);

it('every path in the glossary exists', () => {
  const places = rows.flatMap((cells) => [...(cells[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, place]) => place));
  expect(places.length).toBeGreaterThan(60);
  expect(places.filter((place) => !existsSync(new URL(`../../src/${place}`, import.meta.url)))).toEqual([]);
});

it('the words of the exported names and of the contract are in the glossary or are plain words', () => {
  const exported = [...read('src/index.ts').matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names]) =>
    names.split(',').map((name) => name.replace(/\btype\b/, '').trim()),
  );
  const { STAGES, TASK_STATUSES, RUN_RESULTS, MARKET_KINDS, TICK_KINDS, ORDERS } = words;
  const { SETTLEMENT_SIGNS, QUARANTINE_REASONS, TICK_FLAGS } = marketData;
  const named = [
    exported,
    STAGES,
    TASK_STATUSES,
    RUN_RESULTS,
    MARKET_KINDS,
    TICK_KINDS,
    ORDERS,
    SETTLEMENT_SIGNS,
    QUARANTINE_REASONS,
    TICK_FLAGS,
  ];
  const explained = new Set(wordsOf(rows.map((cells) => cells.slice(0, 2).join(' ')).join(' ')));
  const isKnown = (word: string): boolean =>
    [word, word.replace(/s$/, ''), `${word}s`].some((form) => explained.has(form) || PLAIN.has(form));
  expect(
    named
      .flat()
      .flatMap(wordsOf)
      .filter((word) => !isKnown(word)),
  ).toEqual([]);
});
