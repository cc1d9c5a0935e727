import { vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

/** What a command printed and how it ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON. */
  json(): Record<string, unknown>;
}

/** Runs `predictlab <args>` in this process and gathers what it prints. */
export async function predictlab(...args: readonly string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const gather =
    (take: (text: string) => void) =>
    (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
      take(chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : String(chunk));
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') setImmediate(done as () => void);
      return true;
    };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(gather((text) => (out += text)));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(gather((text) => (err += text)));
  // commands set the exit code of the process, which other tests share
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    const code = await main(args);
    return { code, out, err, json: () => JSON.parse(out) as Record<string, unknown> };
  } finally {
    process.exitCode = before;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}
