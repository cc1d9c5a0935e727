import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ROOT, SetUpError } from '../set-up/project.mjs';

const run = promisify(execFile);

/** Where the clients are installed: they are no dependency of the package, only of this comparison. */
const FOLDER = path.join(ROOT, '.predictlab/conformance');
// the Kalshi client states Python 3.13 and runs on earlier ones
const PYTHON_CLIENTS = ['polymarket-client==0.14.0', 'kalshi-python-sync==3.34.0'];
const BINDINGS = '@polymarket/bindings@0.10.0';

/**
 * Installs the venues' own clients where they are not installed yet.
 *
 * @returns one reader per client: `{ name, read(answers) }`; for each answer `{ fields }`, `{ refused, said }` or `{ missing: true }`.
 *   A client that cannot be had has the reason in `skipped` instead.
 */
export async function clients({ python }) {
  mkdirSync(FOLDER, { recursive: true });
  return await Promise.all([pythonClients(python), bindings()]);
}

async function pythonClients(python) {
  const name = PYTHON_CLIENTS.join(', ');
  const interpreter = path.join(FOLDER, 'venv/bin/python');
  try {
    if (!existsSync(path.join(FOLDER, 'venv/installed'))) {
      await run(python, ['-m', 'venv', path.join(FOLDER, 'venv')]);
      await run(interpreter, ['-m', 'pip', 'install', '--quiet', '--ignore-requires-python', ...PYTHON_CLIENTS]);
      writeFileSync(path.join(FOLDER, 'venv/installed'), `${name}\n`);
    }
  } catch (error) {
    return { name, skipped: lastLine(error) };
  }
  return { name, read: (answers) => readWithPython(interpreter, answers) };
}

async function readWithPython(interpreter, answers) {
  const child = spawn(interpreter, [path.join(ROOT, 'scripts/conformance/theirs.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  // a client that ends early closes its input; its exit code says so below
  child.stdin.on('error', () => undefined);
  child.stdin.end(answers.map(({ route, row }) => `${JSON.stringify({ route, row })}\n`).join(''));
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  const [head, ...readings] = lines;
  const missing = Object.entries(head?.versions ?? {}).filter(([, version]) => version.startsWith('missing'));
  if (missing.length > 0 || readings.length !== answers.length)
    throw new SetUpError(
      `the Python clients read ${readings.length} of ${answers.length} answers ${JSON.stringify(missing)}; remove ${FOLDER} and try again`,
    );
  return readings;
}

/** Polymarket's TypeScript client. Its package needs `@polymarket/types`, which no registry has; one function of it is used. */
async function bindings() {
  const folder = path.join(FOLDER, 'bindings');
  const index = path.join(folder, 'package/dist/gamma/index.js');
  try {
    if (!existsSync(index)) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(path.join(folder, 'node_modules/@polymarket/types'), { recursive: true });
      await run('npm', ['pack', '--silent', BINDINGS], { cwd: folder });
      const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
      await run('tar', ['xzf', archive], { cwd: folder });
      symlinkSync(path.join(ROOT, 'node_modules/zod'), path.join(folder, 'node_modules/zod'), 'dir');
      const types = path.join(folder, 'node_modules/@polymarket/types');
      writeFileSync(path.join(types, 'package.json'), JSON.stringify({ name: '@polymarket/types', type: 'module', main: 'index.js' }));
      writeFileSync(
        path.join(types, 'index.js'),
        "export const isHexString = (value) => typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value);\n" +
          'export const never = (text) => { throw new Error(text); };\n',
      );
    }
    const load = (module) => import(pathToFileURL(path.join(folder, 'package/dist', module, 'index.js')).href);
    const readers = readersOf(await load('gamma'), await load('data'), await load('clob'));
    return { name: BINDINGS, read: (answers) => answers.map(({ route, row }) => readWith(readers[route], row)) };
  } catch (error) {
    return { name: BINDINGS, skipped: lastLine(error) };
  }
}

function readWith(reader, row) {
  if (reader === undefined) return { missing: true };
  let parsed;
  try {
    parsed = reader.schema.safeParse(row);
  } catch (error) {
    // a transformation of the client that throws refuses the row
    return { refused: ['$'], said: String(error) };
  }
  if (parsed.success) return { fields: reader.fields(parsed.data) };
  return {
    refused: parsed.error.issues.map((issue) => issue.path.map(String).join('.') || '$'),
    said: parsed.error.issues
      .map(({ message }) => message)
      .join('; ')
      .slice(0, 400),
  };
}

const number = (value) => (value === undefined || value === null ? null : Number(value));
const time = (value) => {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  return ms === undefined || Number.isNaN(ms) ? null : ms;
};
const best = (levels, pick) => (levels.length === 0 ? null : pick(...levels.map(({ price }) => Number(price))));

const readersOf = ({ MarketSchema }, { TradeSchema, PriceHistoryPointSchema, ResolutionSchema }, { OrderBookSchema }) => ({
  market: {
    schema: MarketSchema,
    fields: (market) => ({
      id: market.conditionId,
      slug: market.slug ?? null,
      title: market.question ?? null,
      outcomes: [market.outcomes.yes.label, market.outcomes.no.label],
      outcomeIds: ['yes', 'no'].map((side) =>
        market.version === 'v2' ? market.outcomes[side].positionId : (market.outcomes[side].tokenId ?? null),
      ),
      closed: market.state.closed ?? null,
      endsAt: time(market.state.endDate),
      closedAt: market.state.closed ? time(market.state.closedTime) : null,
      tickSize: number(market.trading.minimumTickSize),
    }),
  },
  trade: {
    schema: TradeSchema,
    fields: (trade) => ({
      token: trade.assetId,
      side: trade.side.toLowerCase(),
      price: number(trade.price),
      size: number(trade.size),
      time: time(trade.timestamp),
    }),
  },
  point: {
    schema: PriceHistoryPointSchema,
    fields: (point) => ({ time: time(point.timestamp), price: number(point.price), grain: point.resolutionSeconds }),
  },
  record: {
    schema: ResolutionSchema,
    fields: (record) => ({
      id: record.conditionId ?? null,
      resolved: record.status === 'resolved',
      payout: number(record.payouts?.[0]),
    }),
  },
  book: {
    schema: OrderBookSchema,
    fields: (book) => ({ bid: best(book.bids, Math.max), ask: best(book.asks, Math.min) }),
  },
});

const lastLine = (error) =>
  String(error?.stderr || error?.message || error)
    .trim()
    .split('\n')
    .at(-1);
