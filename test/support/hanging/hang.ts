import { inject, it } from 'vitest';

it('waits for the end of its process', async () => {
  process.stdout.write(`hanging ${JSON.stringify([inject('temporalAddress'), inject('postgresUrl')])}\n`);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
