// Attaches to the embedded Postgres of a home, writes until its standard input ends, and prints the result.
import { openDatabase } from '../../dist/src/storage/database/open-database.js';
import { attachPostgres } from '../../dist/src/storage/embedded/embedded-postgres.js';

const [home, tag] = process.argv.slice(2);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const wanted = { open: true };
process.stdin.on('end', () => (wanted.open = false)).resume();
try {
  const server = await attachPostgres({ home });
  const database = await openDatabase({ url: server.url });
  say({ attached: true });
  let written = 0;
  while (wanted.open) {
    await database.query('insert into symbols (symbol) values ($1)', [`${tag}_${written}`]);
    written++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await database.close();
  await server.close();
  say({ written });
} catch (error) {
  say({ failed: error.message, type: error.type });
}
