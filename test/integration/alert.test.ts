import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Alert } from '../../src/activities/alert.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { createRig } from '../rig.ts';
import { scriptedStages } from '../stages.ts';
import { importTestSymbols } from '../symbols.ts';

it('ALERT_WEBHOOK_URL hears of trouble once, not of the same trouble again, and once that it is over', async () => {
  const posted: Alert[] = [];
  let refusals = 1;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      // a webhook that stumbles is asked again
      if (refusals-- > 0) return response.writeHead(503).end();
      posted.push(JSON.parse(body) as Alert);
      return response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let broken = true;
  const rig = await createRig({
    env: { ALERT_WEBHOOK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` },
    stages: scriptedStages(({ taskId }) => {
      if (broken && taskId === 'AAA/clean') throw new PredictLabError('BadInput', 'the file is empty');
    }),
  });
  await importTestSymbols(rig.database);
  const input = { symbols: ['AAA'], untilStage: 'store' } as const;
  const run = () => rig.run({ ...input, symbols: [...input.symbols] });

  const first = await run();
  await run();
  broken = false;
  const mended = await run();
  await run();

  expect(posted).toMatchObject([
    { kind: 'trouble', runId: first.runId, result: 'degraded', previousResult: null, text: expect.stringContaining('the file is empty') },
    { kind: 'recovered', runId: mended.runId, result: 'success', previousResult: 'degraded' },
  ]);
  await rig.close();
  server.close();
});
