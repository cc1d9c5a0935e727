#!/usr/bin/env node
import { existsSync } from 'node:fs';

const entry = new URL('../dist/bundle/main.js', import.meta.url);
const prints = new URL('../dist/bundle/plugin-prints.js', import.meta.url);
if (existsSync(entry)) {
  const [{ main }, { keepStandardOutput }] = await Promise.all([import(entry.href), import(prints.href)]).catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    // half a build, or half an installation
    console.error(`predictlab is not whole: ${error.message}; run: npm run build, or where it is installed, npm install predictlab`);
    process.exit(3);
  });
  keepStandardOutput();
  process.exitCode = await main(process.argv.slice(2));
  // a signal means now: nothing that is still on its way keeps the process
  if (process.exitCode > 128) process.exit();
  // The command has ended and closed what it opened. A timer of a plugin, or a native thread, must not keep it alive.
  const end = () => (process.stdout.writableLength + process.stderr.writableLength > 0 ? setTimeout(end, 20) : process.exit());
  setTimeout(end, 200).unref();
} else {
  console.error('predictlab is not built yet; run: npm run build');
  process.exitCode = 3;
}
