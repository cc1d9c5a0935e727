import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { SealingCodec } from '../../secrets/payload-codec.ts';
import { readPayloadKeys } from '../../secrets/payload-keys.ts';
import { stopSignal } from '../../set-up/processes/stop-signal.ts';
import { serveCodec } from '../../ui/serve-codec.ts';
import { takesPort } from '../options/parsers.ts';
import { note, printJsonLine, printLine, usageError } from '../terminal/print.ts';

interface Options {
  readonly port: number;
  readonly origin?: readonly string[];
  readonly newKey?: boolean;
  readonly json?: boolean;
}

const PORT = 8271;
/** The origins of the Web UI of `dev` and `temporal server start-dev`. */
const DEV_ORIGINS = ['http://127.0.0.1:8233', 'http://localhost:8233'];

/** Registers `predictlab codec`. */
export default function register(command: Command): void {
  command
    .description(
      'Serves Temporal\u2019s codec endpoint on 127.0.0.1 until Ctrl-C. Give its address to the Web UI (the glasses at the top right) or to `temporal workflow show --codec-endpoint`. ' +
        'While it runs, everyone who can run programs on this machine can decrypt histories.',
    )
    .addOption(takesPort('--port <port>', 'the port', PORT))
    .option('--origin <address...>', 'origin of the Web UI (default: TEMPORAL_UI_URL, or the Web UI of `dev`)')
    .option('--new-key', 'print a new key for PREDICTLAB_PAYLOAD_KEY and exit')
    .option('--json', 'print { address } as one line of JSON once it answers, or { key } with --new-key')
    .action(codec);
}

async function codec({ port, origin, newKey, json }: Options): Promise<void> {
  if (newKey) {
    const key = randomBytes(32).toString('base64');
    return json ? printJsonLine({ key }) : printLine(key);
  }
  const keys = readPayloadKeys(process.env);
  if (keys.length === 0)
    throw usageError('PREDICTLAB_PAYLOAD_KEY is not set, so nothing is sealed; `predictlab codec --new-key` makes a key');
  const { stopped } = stopSignal();
  const served = await serveCodec({ codec: new SealingCodec(keys, { acceptPlaintext: true }), port, origins: originsOf(origin) });
  try {
    if (json) printJsonLine({ address: served.address });
    else note(`${served.address}\nCtrl-C stops it.`);
    await stopped;
  } finally {
    await served.close();
  }
}

function originsOf(given: readonly string[] | undefined): string[] {
  const { TEMPORAL_UI_URL: ui } = process.env;
  const [what, addresses] = given !== undefined ? ['--origin', given] : ui ? ['TEMPORAL_UI_URL', [ui]] : ['', DEV_ORIGINS];
  return addresses.map((address) => {
    if (!/^https?:\/\/[^/]/.test(address) || !URL.canParse(address))
      throw usageError(`${what} "${address}": write the Web UI\u2019s address, for example http://127.0.0.1:8233`);
    return new URL(address).origin;
  });
}
