import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { predictlab } from './run-main.ts';

let venue: SandboxVenue;
const before = { ...process.env };
beforeAll(async () => {
  venue = await startSandboxVenue();
  Object.assign(process.env, venue.environment);
});
afterEach(() => {
  process.exitCode = undefined;
});
afterAll(async () => {
  for (const name of Object.keys(venue.environment)) delete process.env[name];
  Object.assign(process.env, before);
  await venue.close();
});

it('probing prints a table with the remedies', async () => {
  venue.setFaults({ sunset: true });
  const { code, out } = await predictlab('probe', 'polymarket');
  expect(code).toBe(0);
  expect(out).toMatch(/polymarket {2}\/markets +200 +announced to end/);
  expect(out).toContain('→ update PredictLab before the route ends');
});

it('probing with --json prints the routes, and exits with 3 when they cannot be reached', async () => {
  venue.setFaults({ blocked: 1 });
  const { code, out } = await predictlab('probe', 'predict', '--json');
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    routes: [{ venue: 'predict', route: '/v1/categories', meaning: 'blocked' }, {}, {}, {}, {}, {}],
  });
});
