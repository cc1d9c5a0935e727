import { z } from 'zod';
import { definePlugin } from '../src/plugins.ts';

const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

/** The baseline's task as a custom task: recursive Fibonacci, about 10 ms for 30. */
export default definePlugin({
  activities: { fibonacci: { input: z.strictObject({ n: z.int() }), thread: true, run: ({ n }) => ({ value: fibonacci(n) }) } },
});
