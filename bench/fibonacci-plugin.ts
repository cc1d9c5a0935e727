import { z } from 'zod';
import type { definePlugin } from '../src/plugins/plugins.ts';

const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

const input = z.strictObject({ n: z.int() });
const run = ({ n }: z.infer<typeof input>): { value: number } => ({ value: fibonacci(n) });

/** The baseline's task as a custom task: recursive Fibonacci, about 10 ms for 30; on the plugin's own thread, and on threads of the pool. */
export default {
  activities: { fibonacci: { input, run }, fibonacciOnThread: { input, thread: true, run } },
} satisfies Parameters<typeof definePlugin>[0];
