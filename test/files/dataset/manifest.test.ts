import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../../src/files/dataset/manifest.ts';

describe('the manifest of a data set', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predictlab-manifest-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const read = async (file: string, more: object = {}) => {
    const files = [{ path: file, table: 'ticks', rows: 1, bytes: 1, sha256: '0'.repeat(64) }];
    const manifest = { schema: 1, madeBy: 'x', what: 'ticks', format: 'parquet', partitionBy: [], tables: {}, files, ...more };
    await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
    return await readManifest(folder);
  };

  it('contains only files below its folder', async () => {
    expect((await read('ticks/month=2026-01/part-0001.parquet'))?.files).toHaveLength(1);
  });

  it.each(['../secret', '/etc/passwd', 'ticks/../../secret', 'ticks\\..\\secret'])('is refused when it contains %s', async (file) => {
    await expect(read(file)).rejects.toThrow('files.0.path: names a file outside the folder, so the data set is damaged');
  });

  it.each([
    [[], 'manifest.json: must be an object, so the data set is damaged'],
    [{ schema: 'x' }, 'manifest.json: schema: must be 1, so the data set is damaged'],
    [{ schema: 1, madeBy: null }, 'manifest.json: madeBy: must be text, so the data set is damaged'],
  ])('is refused in plain words when it is %j', async (value, message) => {
    await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(value));
    await expect(readManifest(folder)).rejects.toThrow(message);
  });

  it('is refused when a newer version of the program wrote it', async () => {
    await expect(read('a.parquet', { schema: 2 })).rejects.toThrow('its schema is 2, and this version reads 1');
  });
});
