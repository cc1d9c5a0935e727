import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { predictlab } from './run-main.ts';

const TOY = './examples/toy-venue.mjs';

it('a venue that keeps every rule gets one line per rule and exit code 0', async () => {
  const { code, out, json } = await predictlab('venue', 'check', TOY, '--answers', 'examples/toy-answers.json', '--json');
  expect(code, out).toBe(0);
  expect(json()).toMatchObject({ venue: 'toy', ok: true, notRecorded: [] });
});

it('a venue that breaks a rule gets the rule, the answers that were not recorded and exit code 1', async () => {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'predictlab-venue-')), 'answers.json');
  await writeFile(
    file,
    JSON.stringify({ selectors: [{ market: 'rain' }], unknown: { market: 'hail' }, at: '2026-11-20T12:00:00Z', answers: [] }),
  );
  const { code, out } = await predictlab('venue', 'check', TOY, '--answers', file);
  expect(code).toBe(1);
  expect(out).toContain('✗ toy finds the same instruments');
  expect(out).toContain('not recorded, answered with 404: api/markets');
  expect(out).toMatch(/toy breaks \d+ of 11 rules/);
});

it.each([
  [['./no-such-venue.mjs'], /no-such-venue.mjs is not there .*; the loaded venues are polymarket/],
  [['./examples/twin-plugin.mjs'], /twin-plugin.mjs has no venues/],
  [['file'], /file has no hosts/],
  [[TOY, '--venue', 'other'], /--venue: choose one of toy/],
])('wrong arguments are refused with one sentence: %j', async (args, message) => {
  const { code, err } = await predictlab('venue', 'check', ...args, '--answers', 'examples/toy-answers.json');
  expect(err).toMatch(message);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});
