// Moves old ticks to the lake in a process of its own, and ends it with SIGKILL at a given step. Argument: JSON { url, folder, before, killAt }.
const { url, folder, before, killAt } = JSON.parse(process.argv[2]);
const dist = new URL('../../dist/src/', import.meta.url);
const { openDatabase } = await import(new URL('storage/database/open-database.js', dist));
const { moveTicks } = await import(new URL('storage/lake/move-ticks.js', dist));

const database = await openDatabase({ url, max: 3, migrate: false });
await moveTicks(database, {
  before,
  folder,
  async onStep(step) {
    if (step !== killAt) return;
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  },
});
await database.close();
