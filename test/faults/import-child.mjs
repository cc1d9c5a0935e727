// Imports a file in a process of its own, and ends it with SIGKILL before its nth statement. Argument: JSON of ChildOrder below.
// ChildOrder: { url, file, by, chunkRows, killBefore? }. Prints { rows, statements } when it was not killed.
import { Client } from 'pg';

const { url, file, by, chunkRows, killBefore } = JSON.parse(process.argv[2]);
const dist = new URL('../../dist/src/', import.meta.url);
const { openDatabase } = await import(new URL('storage/database/open-database.js', dist));
const { importTicks } = await import(new URL('activities/stages/import-ticks.js', dist));
const { openTickFile } = await import(new URL('files/read/read-tick-file.js', dist));
const { oneMarket, sortedByMarket } = await import(new URL('files/read/tick-source.js', dist));

const log = { debug() {}, info() {}, warn() {}, error() {} };
const database = await openDatabase({ url, max: 3, migrate: false });
const query = Client.prototype.query;
let statements = 0;
Client.prototype.query = function (...args) {
  if (++statements === killBefore) process.kill(process.pid, 'SIGKILL');
  return query.apply(this, args);
};
const files = [await openTickFile(file, { batchSize: 500, ...(by && { by }) })];
const source = by ? await sortedByMarket(files, by) : oneMarket(files);
const imported = { database, log, symbol: 'DUMP', source, market: 'probability', asOf: Date.UTC(2026, 5, 1), onBatch() {}, chunkRows };
const { rows, isPartial } = await importTicks(imported);
await source.close?.();
await database.close();
process.stdout.write(JSON.stringify({ rows, isPartial, statements }));
