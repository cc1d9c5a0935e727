// Runs the built command line or its log while nothing can be written. Arguments: `main …` as for predictlab, or `log`.
const dist = new URL('../../dist/', import.meta.url);
const [what, ...args] = process.argv.slice(2);
const { main } = await import(new URL('bundle/main.js', dist));
if (what === 'main') process.exitCode = await main(args);
else {
  const { createLog } = await import(new URL('src/telemetry/log.js', dist));
  for (const format of ['json', 'pretty']) {
    const log = createLog({ LOG_FORMAT: format });
    for (let line = 0; line < 5000; line++) log.info('x'.repeat(1000));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.stdout.write('went on\n');
}
