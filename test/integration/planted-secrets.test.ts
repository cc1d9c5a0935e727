import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '../../src/contracts/log.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { retryOf } from '../../src/storage/runs/runs.ts';
import { serveUi, type Ui } from '../../src/ui/serve-ui.ts';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';

const planted = (name: string): string => `${name}-${randomBytes(6).toString('hex')}`;
/** Secrets in the worker's environment. */
const KNOWN = {
  DESK_TOKEN: planted('Tok'),
  DESK_PASSWORD: planted('p@ss/w"rd'),
  DESK_PASS: planted('pass'),
  PREDICT_API_KEY: planted('pk'),
  HOOK: planted('Hook'),
  LISTED: planted('listed'),
};
/** Secrets that are written directly into inputs. */
const INLINE = ['header', 'body', 'user', 'query', 'field', 'refused', 'schedule', 'sent'].map((place) => planted(`inline-${place}`));
const [HEADER, BODY, USER, QUERY, FIELD, REFUSED, SCHEDULED, SENT] = INLINE;

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe.each([
  { how: 'without a payload key', key: undefined },
  { how: 'with a payload key', key: randomBytes(32).toString('base64') },
])('planted secrets, $how', ({ key }) => {
  let rig: Rig;
  let ui: Ui;
  let desk: ReturnType<typeof createServer>;
  const asked: Asked[] = [];
  const logged: string[] = [];
  let runId = '';
  let refused = '';

  beforeAll(async () => {
    desk = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push({ url: request.url ?? '', headers: request.headers, body });
        if (request.url === '/moved') response.writeHead(302, { location: `http://elsewhere.invalid/?token=${SENT}` });
        response.statusCode = request.url === '/moved' ? 302 : 200;
        response.end();
      });
    });
    await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
    const at = `127.0.0.1:${(desk.address() as AddressInfo).port}`;
    const keep =
      (level: string) =>
      (message: string, fields?: Record<string, unknown>): void =>
        void logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
    const { HOOK, ...variables } = KNOWN;
    rig = await createRig({
      log,
      serve: true,
      env: {
        ...variables,
        PREDICTLAB_SECRETS: undefined,
        PREDICTLAB_ENV_ALLOW: 'DESK_TOKEN,DESK_PASS,DESK_PASSWORD,NOT_SET_ANYWHERE',
        ALERT_WEBHOOK_URL: `http://${at}/hooks/${HOOK}`,
        PREDICTLAB_PLUGINS: path.resolve(import.meta.dirname, '../plugins/secretive.mjs'),
        METRICS_ADDRESS: '127.0.0.1:0',
        HEALTH_ADDRESS: '127.0.0.1:0',
        ...(key === undefined ? {} : { PREDICTLAB_PAYLOAD_KEY: key }),
      },
    });
    const { database, home, lab } = rig;
    ui = await serveUi({
      database,
      home,
      lab: async () => lab,
      plan: async () => ({}) as never,
      port: 0,
      token: null,
      control: false,
      log: silent,
    });

    const named = { $env: 'DESK_TOKEN' };
    const task = (taskId: string, activity: string, input: object) => ({ taskId, activity, args: [input as never], maxRetries: 0 });
    const input: PipelineInput = {
      symbols: [],
      tasks: [
        task('named', 'httpPost', {
          url: { $env: `http://desk:\${DESK_PASS}@${at}/named?token=\${DESK_TOKEN}` } as never,
          headers: { 'x-desk': { $env: 'Bearer ${DESK_TOKEN}' } },
          body: { token: named },
        }),
        task('inline', 'httpPost', {
          url: `http://desk:${USER}@${at}/inline?key=${QUERY}`,
          headers: { 'X-Desk': HEADER },
          body: { text: BODY },
        }),
        task('moved', 'httpGet', { url: `http://${at}/moved`, headers: {} }),
        task('leak-error', 'leakError', { key: named, apiKey: FIELD }),
        task('leak-output', 'leakOutput', { key: named }),
        { ...task('leak-way', 'leakOnTheWay', { key: { $env: 'DESK_PASSWORD' } }), maxRetries: 1, retryDelay: '1ms' },
        task('leak-address', 'leakTo', { url: { $env: 'https://u:${DESK_PASS}@venue.invalid/?api_key=${DESK_TOKEN}' } }),
        task('missing', 'leakOutput', { key: { $env: 'NOT_SET_ANYWHERE' } }),
      ],
    };
    runId = (await lab.start(input)).runId;
    await lab.result(runId);
    refused = (
      await lab.start({ symbols: ['NO_SUCH'], tasks: [task('t', 'httpPost', { url: 'http://x', headers: { a: REFUSED }, body: 1 })] })
    ).runId;
    await lab.result(refused).catch(() => undefined);
    await lab.schedules.create({ scheduleId: runId, input: { tasks: [task('t', 'httpGet', { url: `http://x/?a=${SCHEDULED}` })] } });
    await lab.schedules.pause(runId);
  });
  afterAll(async () => {
    await rig.lab.schedules.delete(runId);
    await ui.close();
    await rig.close();
    desk.close();
  });

  const secrets = [...Object.values(KNOWN), ...INLINE];
  const expectNone = (where: string, text: string, among: readonly string[] = secrets): void => {
    expect(text.length, where).toBeGreaterThan(0);
    for (const secret of among) {
      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), btoa(`desk:${secret}`)])
        expect(text.includes(form), `${where} has ${secret.replace(/-.*/, '')}`).toBe(false);
    }
  };

  it('reach the services that need them', () => {
    const of = (url: string) => asked.find((request) => request.url.startsWith(url));
    expect(of('/named')).toMatchObject({ url: `/named?token=${KNOWN.DESK_TOKEN}`, body: `{"token":"${KNOWN.DESK_TOKEN}"}` });
    expect(of('/named')?.headers).toMatchObject({
      'x-desk': `Bearer ${KNOWN.DESK_TOKEN}`,
      authorization: `Basic ${btoa(`desk:${KNOWN.DESK_PASS}`)}`,
    });
    expect(of('/inline')).toMatchObject({ url: `/inline?key=${QUERY}`, body: `{"text":"${BODY}"}` });
    expect(of('/inline')?.headers).toMatchObject({ 'x-desk': HEADER, authorization: `Basic ${btoa(`desk:${USER}`)}` });
    expect(of(`/hooks/${KNOWN.HOOK}`)?.body).toContain(runId);
  });

  it('are in no row of the database, nor in a backup', async () => {
    const { rows } = await rig.database.query<{ name: string }>(
      "select format('%I', relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    );
    let dump = '';
    for (const { name } of rows) {
      const found = await rig.database.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
      dump += found.rows.map(({ row }) => row).join('\n');
    }
    expect(dump).toContain('leak-way');
    expectNone('the database', dump);
    const file = path.join(rig.home, 'all.backup');
    await writeBackup(rig.database, file, { reports: path.join(rig.home, 'reports') });
    expectNone('the backup', gunzipSync(await readFile(file)).toString('latin1'));
  });

  it('are in no file of the home folder', async () => {
    const files = (await readdir(rig.home, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const { parentPath, name } of files) expectNone(name, (await readFile(path.join(parentPath, name))).toString('latin1'));
  });

  it('are in no log, no metric and no alert', async () => {
    expect(logged.join()).toContain('asks with [redacted]');
    expectNone('the log', logged.join('\n'));
    const address = logged.join().match(/port":(\d+)/)?.[1];
    const metrics = address === undefined ? 'none' : await (await fetch(`http://127.0.0.1:${address}/metrics`)).text().catch(() => 'none');
    expectNone('metrics', metrics);
    for (const { url, body } of asked) if (url.startsWith('/hooks')) expectNone('the alert', body);
  });

  it('never appear in a page, a status, a reason or a schedule', async () => {
    const { address } = ui;
    for (const page of ['/', `/runs/${runId}`, `/runs/${runId}?task=leak-error`, `/runs/${runId}?task=inline`, `/runs/${refused}`])
      expectNone(page, await (await fetch(`${address}${page}`)).text());
    expectNone('the status', JSON.stringify(await rig.lab.status(runId)));
    for (const taskId of ['leak-error', 'leak-way', 'moved', 'missing']) expectNone('why', await rig.lab.why(runId, taskId));
    const { taskResults } = await rig.lab.status(runId);
    expect(taskResults.missing).toMatchObject({ status: 'failed', attempts: 1, error: { type: 'BadInput' } });
    expect(taskResults.missing.error?.message).toContain('NOT_SET_ANYWHERE');
    expect(taskResults['leak-error'].error?.message).toBe('the desk refused [redacted]');
    expect(taskResults['leak-way'].attempts).toBe(2);
  });

  it('are in no history, except when written inline without a payload key', async () => {
    const histories = [...(await rig.histories()).values()];
    expectNone('the histories', textOf(histories), key === undefined ? Object.values(KNOWN) : secrets);
    expect(textOf(histories).includes('leak-way')).toBe(true);
    if (key !== undefined) expect(textOf(histories)).not.toContain('the desk refused');
  });

  it.runIf(key !== undefined)('cannot be read without the key or with another key: one sentence states which key is missing', async () => {
    const { PREDICTLAB_PAYLOAD_KEY: _key, ...keyless } = rig.env;
    for (const env of [keyless, { ...keyless, PREDICTLAB_PAYLOAD_KEY: randomBytes(32).toString('base64') }]) {
      for (const args of [
        ['watch', runId],
        ['schedule', 'show', '--id', runId],
      ]) {
        const { code, stdout, stderr } = await predictlabHere(args, env);
        expect({ code, stdout }, `${args.join(' ')}: ${stderr}`).toEqual({ code: 2, stdout: '' });
        expect(stderr).toMatch(
          /^(?:(?:this payload in Temporal|the workers seal)[^\n]+\n)?predictlab: this payload in Temporal is sealed with key [0-9a-f]{12}, and PREDICTLAB_PAYLOAD_KEY (is not set|has [0-9a-f]{12}); add[^\n]+\n$/,
        );
      }
    }
  });

  it('are passed on when the run is retried', async () => {
    const kept = await retryOf(rig.database, runId);
    if (kept === undefined) throw new Error('the run is not kept');
    expectNone('what is kept of the input', JSON.stringify(kept.input));
    expect((await rig.lab.givenInput(kept)).tasks?.[1].args).toMatchObject([{ headers: { 'X-Desk': HEADER }, body: { text: BODY } }]);
    await expect(rig.lab.givenInput({ ...kept, executionId: '00000000-0000-4000-8000-000000000000' })).rejects.toThrow(
      /tasks\[1\]\.args.*was deleted/,
    );
  });
});

/** Everything in it as text, bytes of payloads included. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${textOf(inner)}`)
      .join('\n');
  return String(value);
}
