#!/usr/bin/env node
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const entry = new URL('../dist/bundle/main.js', import.meta.url);
const prints = new URL('../dist/bundle/plugin-prints.js', import.meta.url);
/** The message for an incomplete build or installation, in the same words as `missingPart` in src. */
const notWhole = (what) => `predictlab is not whole: ${what}; run: npm run build, or where it is installed, npm install predictlab`;
if (existsSync(entry)) {
  // Node.js 22 and later keeps compiled code between starts
  nodeModule.enableCompileCache?.();
  const [{ main }, { keepStandardOutput }] = await Promise.all([import(entry.href), import(prints.href)]).catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' && error.code !== 'MODULE_NOT_FOUND') throw error;
    console.error(notWhole(error.message.split('\n')[0]));
    process.exit(3);
  });
  keepStandardOutput();
  process.exitCode = await main(process.argv.slice(2));
  // after a signal the process exits at once and waits for no unfinished work
  if (process.exitCode > 128) process.exit();
  // The command has ended and closed what it opened. A timer of a plugin, or a native thread, must not keep it alive.
  const end = () => (process.stdout.writableLength + process.stderr.writableLength > 0 ? setTimeout(end, 20) : process.exit());
  setTimeout(end, 200).unref();
} else {
  // a clone that was never built has the build script but no dist folder
  const fresh = existsSync(new URL('../scripts/build.mjs', import.meta.url)) && !existsSync(new URL('../dist', import.meta.url));
  console.error(fresh ? 'predictlab is not built yet; run: npm run build' : notWhole(`Cannot find module '${fileURLToPath(entry)}'`));
  process.exitCode = 3;
}
