import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from '../files/scratch.ts';

const { bundleOurs, ENTRIES } = (await import(new URL('../../scripts/set-up/bundle.mjs', import.meta.url).href)) as {
  bundleOurs: (staging: string, folder: string) => Promise<void>;
  ENTRIES: Record<'main', string>;
};
const folder = scratchFolder();

it('requires packages that are CommonJS, and imports those that have modules', async () => {
  const files = Object.values(ENTRIES);
  for (const file of files) mkdirSync(path.join(folder.path, 'src', path.dirname(file)), { recursive: true });
  for (const file of files) folder.write(`src/${file}`, '');
  folder.write('package.json', '{ "type": "module" }');
  symlinkSync(path.resolve('node_modules'), path.join(folder.path, 'node_modules'));
  folder.write(
    `src/${ENTRIES.main}`,
    `import proto from '@temporalio/proto';
     import { Client } from '@temporalio/client';
     import { z } from 'zod';
     const { ApplicationFailure } = await import('@temporalio/common');
     console.log(JSON.stringify([proto, Client, ApplicationFailure, z].map((value) => value !== undefined)));
     export { ApplicationFailure, Client, proto, z };`,
  );
  await bundleOurs(folder.path, 'bundle');
  const bundled = readFileSync(path.join(folder.path, 'bundle/main.js'), 'utf8');
  expect(bundled).toContain('from "zod"');
  expect(bundled).not.toMatch(/(from|import\() ?"@temporalio/);
  folder.write(
    'same.js',
    `import { createRequire } from 'node:module';
     import proto from '@temporalio/proto';
     import { z } from 'zod';
     import * as main from './bundle/main.js';
     const require = createRequire(import.meta.url);
     console.log(main.proto === proto, main.z === z, main.Client === require('@temporalio/client').Client,
       main.ApplicationFailure === require('@temporalio/common').ApplicationFailure);`,
  );
  const printed = execFileSync(process.execPath, [path.join(folder.path, 'same.js')], { encoding: 'utf8' });
  expect(printed).toBe('[true,true,true,true]\ntrue true true true\n');
});
