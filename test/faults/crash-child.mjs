// Runs data stages in a process of its own, and ends it with SIGKILL at a given step. Argument: JSON of ChildOrder below.
// ChildOrder: { url, executionId, symbol, settings, stages: ["clean", …], killAt?: "store 3: merged", killAtOccurrence?: 1 }
const order = JSON.parse(process.argv[2]);
const dist = new URL('../../dist/src/', import.meta.url);
const { openDatabase } = await import(new URL('storage/database/open-database.js', dist));
const { recordedWork } = await import(new URL('activities/stages/stage-work.js', dist));
const { createClean } = await import(new URL('activities/stages/clean.js', dist));
const { createStore } = await import(new URL('activities/stages/store.js', dist));
const { createKline } = await import(new URL('activities/stages/kline.js', dist));

const { executionId, symbol, settings } = order;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const database = await openDatabase({ url: order.url, max: 3, migrate: false });
let seen = 0;
const probe = async (step) => {
  if (step !== order.killAt || ++seen < (order.killAtOccurrence ?? 1)) return;
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
};
const stages = {
  clean: createClean({ probe }),
  store: createStore({ database, log, probe }),
  kline: createKline({ probe }),
};
for (const stage of order.stages) {
  const about = { runId: 'run', executionId, symbol, stage };
  await stages[stage]({ ...about, settings }, recordedWork(database, about, { log }));
}
await database.close();
