import { expect, it } from 'vitest';
import { MessageBudget } from '../../src/activities/custom/message-budget.ts';
import type { FromThread } from '../../src/activities/custom/threads/thread-messages.ts';

const sent = (work: (budget: MessageBudget) => void): readonly FromThread[] => {
  const messages: FromThread[] = [];
  const budget = new MessageBudget((message) => void messages.push(message));
  work(budget);
  budget.end();
  return messages;
};

it('a task that logs in a loop loses the excess log lines, and one line states how many were dropped', () => {
  const messages = sent((budget) => {
    for (let i = 0; i < 100_000; i++) budget.log('info', `line ${i}`);
  });
  expect(messages).toHaveLength(5_002);
  expect(messages.slice(-2)).toEqual([
    { log: 'warn', message: 'logged 5000 lines; further lines are dropped' },
    { log: 'warn', message: '95000 log lines were dropped' },
  ]);
});

it('log lines have a maximum size, and so do their fields and all lines of a task together', () => {
  const messages = sent((budget) => {
    budget.log('info', 'with fields', { text: 'x'.repeat(100_000) });
    for (let i = 0; i < 1_000; i++) budget.log('info', 'y'.repeat(1_000_000), { i });
  });
  expect(messages[0]).toEqual({ log: 'info', message: 'with fields' });
  expect(JSON.stringify(messages).length).toBeLessThan(1.1 * 1024 * 1024);
  expect(messages.at(-1)).toMatchObject({ message: expect.stringMatching(/^\d+ log lines were dropped$/) });
});

it('a log line leaves out fields that JSON cannot represent', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  expect(sent((budget) => budget.log('warn', 'a circle', circle))).toEqual([{ log: 'warn', message: 'a circle' }]);
});

it('a task that sends heartbeats in a loop sends the first and the last one', () => {
  const messages = sent((budget) => {
    for (let i = 0; i < 10_000; i++) budget.heartbeat(i);
  });
  expect(messages.length).toBeLessThan(100);
  expect(messages[0]).toEqual({ heartbeat: 0 });
  expect(messages.at(-1)).toEqual({ heartbeat: 9_999 });
});
