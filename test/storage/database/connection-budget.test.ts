import { expect, it } from 'vitest';
import { connectionShare } from '../../../src/storage/database/connection-budget.ts';

it.each([
  ['one worker gets what it wants', { workers: 1, allowed: 97 }, 20, 20],
  ['eight workers share what a tenth, kept for commands, leaves', { workers: 8, allowed: 100 }, 20, 11],
  ['of few connections five are kept', { workers: 2, allowed: 20 }, 20, 7],
  ['fifty workers do not open more than the server has', { workers: 50, allowed: 147 }, 20, 2],
  ['a worker never gets fewer than it works with', { workers: 90, allowed: 97 }, 20, 2],
  ['no worker has reported yet', { workers: 0, allowed: 97 }, 4, 4],
])('%s', (_, fleet, wanted, share) => {
  expect(connectionShare(fleet, wanted)).toBe(share);
});
