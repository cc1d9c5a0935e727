import { expect, it } from 'vitest';
import { catchUpWindow } from '../../src/activities/stages/collect/collect-plan.ts';

const DAY = 86_400_000;
const window = { from: 100 * DAY, to: 107 * DAY };

it('is the run’s own window where every source was looked at inside it, or never', () => {
  expect(catchUpWindow(window, [])).toEqual({ window, hole: null });
  expect(catchUpWindow(window, [106 * DAY, 100 * DAY])).toEqual({ window, hole: null });
});

it('goes on from the last look after a pause longer than the window', () => {
  expect(catchUpWindow(window, [106 * DAY, 96 * DAY])).toEqual({ window: { from: 96 * DAY, to: 107 * DAY }, hole: null });
});

it('names the hole that is further back than a run catches up', () => {
  expect(catchUpWindow(window, [80 * DAY])).toEqual({ window: { from: 93 * DAY, to: 107 * DAY }, hole: { from: 80 * DAY, to: 93 * DAY } });
  expect(catchUpWindow(window, [96 * DAY], 0)).toEqual({ window, hole: { from: 96 * DAY, to: 100 * DAY } });
});
