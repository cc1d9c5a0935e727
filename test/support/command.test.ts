import { expect, test } from 'vitest';
import { predictlabHere } from './command.ts';

test('commands started at once in this process run one after the other, and leave its environment and streams unchanged', async () => {
  const before = { env: process.env, exitCode: process.exitCode, out: process.stdout.write, err: process.stderr.write };
  const wrong = Array.from({ length: 5 }, (_, n) => `no-such-command-${n}`);
  const answers = await Promise.all(wrong.map((word) => predictlabHere([word], { ...process.env, LEAKED: word })));
  for (const [n, { code, stderr }] of answers.entries()) {
    expect(code).toBe(2);
    expect(stderr.match(/no-such-command-\d/g)).toEqual([wrong[n]]);
  }
  expect(process.env).toBe(before.env);
  expect({ exitCode: process.exitCode, out: process.stdout.write, err: process.stderr.write }).toEqual({
    exitCode: before.exitCode,
    out: before.out,
    err: before.err,
  });
});
