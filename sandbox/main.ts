import { parseArgs } from 'node:util';
import { startSandboxVenue } from './venue.ts';

const USAGE = `usage: node dist/sandbox/main.js [--port 4010] [--seed 7] [--now <ISO time>] [--api-key sandbox-key] [--faults '<json>'] [--scale 200x5000]
--now freezes the clock; without it, time runs and trades keep coming. --scale offers that many equal markets of that many trades. See sandbox/README.md for the switches.`;

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      seed: { type: 'string', default: '7' },
      now: { type: 'string' },
      'api-key': { type: 'string' },
      faults: { type: 'string' },
      scale: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const now = values.now === undefined ? undefined : Date.parse(values.now);
  if (Number.isNaN(now)) throw new Error(`--now ${values.now} is not a time; write it like 2026-06-01T12:00:00Z`);
  const scale = values.scale === undefined ? undefined : /^(\d+)x(\d+)$/.exec(values.scale);
  if (scale === null) throw new Error(`--scale ${values.scale} is not <markets>x<trades>; write it like 200x5000`);
  const venue = await startSandboxVenue({
    port: Number(values.port),
    seed: Number(values.seed),
    ...(now === undefined ? {} : { now }),
    ...(values['api-key'] === undefined ? {} : { apiKey: values['api-key'] }),
    ...(scale === undefined ? {} : { scale: { instruments: Number(scale[1]), tradesPerInstrument: Number(scale[2]) } }),
    ...(values.faults === undefined ? {} : { faults: JSON.parse(values.faults) as object }),
  });
  console.log(`sandbox venue ready at ${venue.url}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void venue.close().then(() => process.exit(0)));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(2);
}
