import { expect, it } from 'vitest';
import { connectionShare } from '../../../src/storage/database/connection-budget.ts';

it.each([
  ['a single worker gets the connections that it requests', { workers: 1, allowed: 97 }, 20, 20],
  ['eight workers share what is left after a tenth, which is reserved for commands', { workers: 8, allowed: 100 }, 20, 11],
  ['five connections are reserved when there are few', { workers: 2, allowed: 20 }, 20, 7],
  ['fifty workers do not open more connections than the server has', { workers: 50, allowed: 147 }, 20, 2],
  ['a worker never gets fewer connections than it needs to work', { workers: 90, allowed: 97 }, 20, 2],
  ['a worker gets what it requests while no worker has reported yet', { workers: 0, allowed: 97 }, 4, 4],
])('%s', (_, fleet, wanted, share) => {
  expect(connectionShare(fleet, wanted)).toBe(share);
});
