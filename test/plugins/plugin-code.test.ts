import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { moduleHash } from '../../src/plugins/plugin-code.ts';
import { temporaryFolder } from '../cli/candle-csv.ts';

const { folder, write } = temporaryFolder();
const hashOf = (name: string): Promise<string> => moduleHash(pathToFileURL(path.join(folder, name)).href);

describe('the hash of a plugin’s module', () => {
  it('changes with a constant anywhere in what it imports by relative paths, and with nothing else', async () => {
    write('plugin.mjs', "import { level } from './level.mjs';\nexport * from './more.mjs';\nexport default level;");
    write('level.mjs', "export { level } from './deep.mjs?x=1';");
    write('deep.mjs', "export const level = 1; const late = () => import('./late.mjs');");
    write('late.mjs', 'export const late = 1;');
    write('more.mjs', "import './plugin.mjs';");
    write('other.mjs', 'export const other = 1;');
    const before = await hashOf('plugin.mjs');
    expect(await hashOf('plugin.mjs')).toBe(before);
    writeFileSync(path.join(folder, 'other.mjs'), 'export const other = 2;');
    expect(await hashOf('plugin.mjs')).toBe(before);
    const hashes = new Set([before]);
    for (const [name, text] of [
      ['deep.mjs', "export const level = 2; const late = () => import('./late.mjs');"],
      ['late.mjs', 'export const late = 2;'],
      ['more.mjs', "import './plugin.mjs'; // more"],
      ['plugin.mjs', "import { level } from './level.mjs';\nexport default level;"],
    ]) {
      writeFileSync(path.join(folder, name), text);
      hashes.add(await hashOf('plugin.mjs'));
    }
    expect(hashes.size).toBe(5);
  });

  it('follows require without an extension, and is not held up by what leads nowhere', async () => {
    write('common.cjs', "const { level } = require('./value'); // from './nowhere'\nmodule.exports = { level };");
    write('value.js', 'exports.level = 1;');
    const before = await hashOf('common.cjs');
    writeFileSync(path.join(folder, 'value.js'), 'exports.level = 2;');
    expect(await hashOf('common.cjs')).not.toBe(before);
  });
});
