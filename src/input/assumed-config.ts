import type { RunConfig } from '../contracts/run/run-config.ts';
import { SOURCE_TYPES } from '../contracts/words.ts';
import { parsePipelineInput } from './pipeline-schema.ts';
import { listAt, recordOf } from './raw-input.ts';

/**
 * The configuration of an input when every name in it is known, to measure it where the worker's catalogue and plugins are not.
 *
 * @param now UTC epoch milliseconds
 * @returns undefined when the input has problems, which the run reports
 */
export function assumedConfig(input: unknown, now: number): RunConfig | undefined {
  const namesIn = (field: string, key: string): string[] => [
    ...new Set(listAt(input, field).flatMap((entry) => (typeof recordOf(entry)[key] === 'string' ? [recordOf(entry)[key] as string] : []))),
  ];
  const accepted = (name: string): { name: string; problems: () => readonly string[] } => ({ name, problems: () => [] });
  const parsed = parsePipelineInput(input, {
    symbols: listAt(input, 'symbols').flatMap((symbol) =>
      typeof symbol === 'string' ? [{ symbol, enabled: true, priority: 3, sourceTypes: SOURCE_TYPES }] : [],
    ),
    strategies: namesIn('strategies', 'name').map(accepted),
    activities: namesIn('tasks', 'activity').map(accepted),
    now,
    clock: now,
  });
  return 'config' in parsed ? parsed.config : undefined;
}
