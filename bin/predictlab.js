#!/usr/bin/env node
import { existsSync } from 'node:fs';

const entry = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(entry)) {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
  // a signal means now: nothing that is still on its way keeps the process
  if (process.exitCode > 128) process.exit();
} else {
  console.error('predictlab is not built yet; run: npm run build');
  process.exitCode = 3;
}
