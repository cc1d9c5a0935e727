import { parseArgs } from 'node:util';
import { startSandboxVenue } from './venue.ts';

const USAGE = `usage: node dist/sandbox/main.js [--port 4010] [--seed 7] [--now <ISO time>] [--api-key sandbox-key] [--faults '<json>']
--now freezes the clock; without it, time runs and trades keep coming. See sandbox/README.md for the switches.`;

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      seed: { type: 'string', default: '7' },
      now: { type: 'string' },
      'api-key': { type: 'string' },
      faults: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const now = values.now === undefined ? undefined : Date.parse(values.now);
  if (Number.isNaN(now)) throw new Error(`--now ${values.now} is not a time; write it like 2026-06-01T12:00:00Z`);
  const venue = await startSandboxVenue({
    port: Number(values.port),
    seed: Number(values.seed),
    ...(now === undefined ? {} : { now }),
    ...(values['api-key'] === undefined ? {} : { apiKey: values['api-key'] }),
    ...(values.faults === undefined ? {} : { faults: JSON.parse(values.faults) as object }),
  });
  console.log(`sandbox venue ready at ${venue.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void venue.close().then(() => process.exit(0)));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(2);
}
