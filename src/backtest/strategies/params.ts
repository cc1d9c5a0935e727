import { z } from 'zod';

/** Schema of a parameter that is a number of bars. */
export const periodOf = (usual: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(1_000_000).default(usual);

/** Schema rule: reports `fast` unless it is below `slow`. */
export function fastBelowSlow(params: { fast: number; slow: number }, context: z.RefinementCtx): void {
  if (params.fast >= params.slow) {
    context.addIssue({ code: 'custom', path: ['fast'], message: `must be below slow, got fast ${params.fast} and slow ${params.slow}` });
  }
}

/** Schema rule: reports `low` unless it is below `high`. */
export function lowBelowHigh(params: { low: number; high: number }, context: z.RefinementCtx): void {
  if (params.low >= params.high) {
    context.addIssue({ code: 'custom', path: ['low'], message: `must be below high, got low ${params.low} and high ${params.high}` });
  }
}
