import type { Json } from '../../contracts/run/pipeline-input.ts';
import { usageError } from '../terminal/exit.ts';

/**
 * Parses `--param` values: `fast=10` → `{ fast: 10 }`; `fast=5,10,20` → a list, one trial per value.
 *
 * @throws ExitError 2 that names the wrong part
 */
export function parseParams(parts: readonly string[]): Record<string, Json> {
  const params = new Map<string, Json>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const text = part.slice(at + 1).trim();
    if (at < 1 || name === '' || text === '') throw usageError(`--param ${part}: write a name and a value, such as --param period=14`);
    if (params.has(name))
      throw usageError(
        `--param ${name} is given twice; write a list of values as --param ${name}=${JSON.stringify(params.get(name))},${text}`,
      );
    const values = text.split(',').map(valueOf);
    params.set(name, values.length === 1 ? values[0] : values);
  }
  return Object.fromEntries(params);
}

function valueOf(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}

/** Collects the values of a repeated option. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
