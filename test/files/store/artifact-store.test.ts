import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { artifactStoreOf } from '../../../src/files/store/artifact-store.ts';
import { ArtifactSender, waitingArtifacts } from '../../../src/files/store/send-artifacts.ts';
import { type S3Server, startS3Server } from '../../support/s3-server.ts';

let server: S3Server;
let home: string;
beforeAll(async () => {
  server = await startS3Server('/desk/one');
});
afterAll(async () => {
  await server.close();
});
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-test-'));
  return () => rm(home, { recursive: true, force: true });
});

const write = async (name: string, content: string | Buffer): Promise<string> => {
  const file = path.join(home, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
};

describe('ARTIFACTS_URL', () => {
  it('is optional: without it there is no store', () => {
    expect(artifactStoreOf({})).toBeUndefined();
  });

  it('is refused when only half of the access key is set', () => {
    for (const half of [{ AWS_ACCESS_KEY_ID: 'a' }, { AWS_SECRET_ACCESS_KEY: 'b' }])
      expect(() => artifactStoreOf({ ARTIFACTS_URL: 'https://host/bucket', ...half })).toThrow(
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY too',
      );
  });

  it.each(['s3://bucket/x', 'banana', 'https://host', 'https://key:secret@host/bucket', 'https://host/bucket?x=1'])(
    'is refused in one sentence that does not repeat it: %s',
    (url) => {
      const store = () => artifactStoreOf({ ARTIFACTS_URL: url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
      expect(store).toThrow(/^ARTIFACTS_URL: write https:\/\/<server>\/<bucket>/);
      expect(store).not.toThrow(/secret/);
    },
  );

  it('is refused when no access key is set', () => {
    expect(() => artifactStoreOf({ ARTIFACTS_URL: 'https://host/bucket' })).toThrow(/set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
  });

  it('with a wrong key is refused with the server’s reason, without printing the key', async () => {
    const store = artifactStoreOf({ ...server.env, AWS_ACCESS_KEY_ID: 'another', AWS_SECRET_ACCESS_KEY: 'not-the-secret' })!;
    const refused = store.list('').catch((error: unknown) => String(error));
    expect(await refused).toMatch(/refused or did not answer: .*403/);
    expect(await refused).not.toMatch(/not-the-secret/);
  });

  it('with a bucket that does not exist is refused with the bucket’s name', async () => {
    const store = artifactStoreOf({ ...server.env, ARTIFACTS_URL: server.env.ARTIFACTS_URL!.replace('/artifacts/', '/nowhere/') })!;
    await expect(store.list('')).rejects.toThrow(/there is no bucket at http.*nowhere; create it/);
  });
});

describe('an artifact store', () => {
  it('returns the same bytes for empty, small and 20 MiB files, under any name', async () => {
    const store = artifactStoreOf(server.env)!;
    const sizes: Record<string, number> = { 'reports/a b/ü+%&.html': 1, 'reports/empty': 0, 'backups/large.backup': 20 * 1024 * 1024 };
    for (const [name, size] of Object.entries(sizes)) {
      const bytes = Buffer.alloc(size, `${name} `);
      await store.put(name, await write('file', bytes));
      expect(await store.fetch(name, path.join(home, 'back'))).toBe(true);
      expect((await readFile(path.join(home, 'back'))).equals(bytes), name).toBe(true);
    }
    expect(await store.list('')).toEqual(Object.keys(sizes).sort());
    expect(await store.fetch('backups/none', path.join(home, 'none'))).toBe(false);
    expect(await store.read('backups/none')).toBeUndefined();
  }, 30_000);
});

describe('the sender of artifacts', () => {
  const open = (warnings: string[] = []) =>
    new ArtifactSender({
      store: artifactStoreOf(server.env)!,
      home,
      backupFolder: async () => path.join(home, 'elsewhere'),
      log: { info: (message) => warnings.push(message), warn: (message) => warnings.push(message) },
      everyMs: 1_000_000,
    });
  const url = () => artifactStoreOf(server.env)!.url;

  it('sends reports, logs and daily backups once, and again when they change', async () => {
    const log = await write('logs/runs/r1/w1.jsonl', 'one\n');
    await write('reports/r1/index.html', '<p>');
    await write('elsewhere/predictlab-1.backup', 'b');
    await write('elsewhere/other.txt', 'not ours');
    const sender = open();
    await sender.pass();
    const store = artifactStoreOf(server.env)!;
    expect(await store.list('logs/')).toEqual(['logs/runs/r1/w1.jsonl']);
    expect(await store.list('reports/r1/')).toEqual(['reports/r1/index.html']);
    expect(await store.list('backups/p')).toEqual(['backups/predictlab-1.backup']);
    expect(await store.list('backups/o')).toEqual([]);
    expect(await waitingArtifacts(home, url())).toEqual([]);
    await appendFile(log, 'two\n');
    expect((await waitingArtifacts(home, url())).map(({ name }) => name)).toEqual(['logs/runs/r1/w1.jsonl']);
    await sender.close();
    expect((await store.read('logs/runs/r1/w1.jsonl'))?.toString()).toBe('one\ntwo\n');
  });

  it('keeps files while the store is unavailable, reports that once, and sends them when it answers again', async () => {
    await write('reports/down/index.html', 'kept');
    const said: string[] = [];
    const sender = open(said);
    await server.stop();
    await sender.pass();
    await sender.pass();
    expect(said).toEqual([expect.stringMatching(/stay here and are sent later/)]);
    expect((await waitingArtifacts(home, url())).map(({ name }) => name)).toEqual(['reports/down/index.html']);
    await server.start();
    await sender.close();
    expect(said.slice(1)).toEqual(['the artifact store takes files again']);
    expect(await waitingArtifacts(home, url())).toEqual([]);
    expect((await artifactStoreOf(server.env)!.read('reports/down/index.html'))?.toString()).toBe('kept');
  });

  it('gives up at the end of the process on a store that accepts connections and never answers', async () => {
    await write('reports/r3/index.html', 'x');
    await write('reports/r3/BTC_PRICE.html', 'x');
    const stalled = createServer();
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve));
    const { port } = stalled.address() as AddressInfo;
    const said: string[] = [];
    const store = artifactStoreOf({ ...server.env, ARTIFACTS_URL: `http://127.0.0.1:${port}/artifacts` })!;
    const warn = (message: string, fields?: Record<string, unknown>) => said.push(`${message}: ${String(fields?.error)}`);
    const sender = new ArtifactSender({ store, home, backupFolder: async () => undefined, log: { info: warn, warn }, closeWithinMs: 100 });
    await sender.close();
    expect(said).toEqual([expect.stringMatching(/are sent later: .*the process ends/)]);
    expect(await waitingArtifacts(home, store.url)).toHaveLength(2);
    stalled.close();
  });

  it('sends everything again after its record of sent files was damaged or lost', async () => {
    await write('reports/r2/index.html', 'x');
    const sender = open();
    await sender.pass();
    await writeFile(path.join(home, 'artifacts-sent.json'), '{"url":');
    expect(await waitingArtifacts(home, url())).toHaveLength(1);
    await sender.close();
    expect(await waitingArtifacts(home, url())).toEqual([]);
  });
});
