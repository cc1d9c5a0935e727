import { createRequire } from 'node:module';
import { answer, countStatements, type WorkShape } from './contestant.ts';
import { fibonacci, noop } from './plain-activities.ts';

/** The part of DBOS that this bench uses; the package is installed beside the project, not by it. */
interface DbosModule {
  readonly DBOS: {
    setConfig(config: object): void;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
    runStep<T>(step: () => Promise<T>, config: { name: string }): Promise<T>;
    registerWorkflow<T>(run: (given: T) => Promise<void>, config: { name: string }): (given: T) => Promise<void>;
    startWorkflow<T>(run: (given: T) => Promise<void>): (given: T) => Promise<{ getResult(): Promise<void> }>;
  };
}

/** The same work as a library on Postgres: each task a step of DBOS. Ends when its parent does. */
const load = createRequire(`${process.env.DBOS_FOLDER}/package.json`);
const { DBOS } = load('@dbos-inc/dbos-sdk') as DbosModule;
countStatements(createRequire(load.resolve('@dbos-inc/dbos-sdk'))('pg') as { Client: { prototype: object } });

const STAGES = ['collect', 'clean', 'store', 'kline', 'backtest', 'visualize'];
const fibonacciStep = () => DBOS.runStep(() => fibonacci(30), { name: 'fibonacci' });
const stages = DBOS.registerWorkflow(
  async (symbol: string) => {
    for (const stage of STAGES) await DBOS.runStep(() => noop(stage, symbol), { name: stage });
  },
  { name: 'stages' },
);
const whole = DBOS.registerWorkflow(
  async ({ kind, count, window = count }: WorkShape) => {
    if (kind === 'sequential') for (let i = 0; i < count; i++) await fibonacciStep();
    else if (kind === 'parallel') await Promise.all(Array.from({ length: count }, fibonacciStep));
    else {
      for (let from = 0; from < count; from += window) {
        const symbols = Array.from({ length: Math.min(window, count - from) }, (_, i) => `S${from + i}`);
        const started = await Promise.all(symbols.map((symbol) => DBOS.startWorkflow(stages)(symbol)));
        await Promise.all(started.map((child) => child.getResult()));
      }
    }
  },
  { name: 'whole' },
);
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: process.env.DATABASE_URL,
  systemDatabaseSchemaName: 'dbos',
  logLevel: 'error',
  runAdminServer: false,
});
await DBOS.launch();
answer({ run: (shape) => whole(shape) });
process.once('disconnect', () => void DBOS.shutdown().then(() => process.exit(0)));
process.send?.('ready');
