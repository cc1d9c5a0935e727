import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { serveMetrics, splitAddress } from '../../src/telemetry/listen.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { silent } from '../support/silent.ts';

function logged(env: NodeJS.ProcessEnv, write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  const to = new Writable({ write: (chunk: Buffer, _, done) => ((text += chunk.toString()), done()) });
  write(createLog(env, { worker: 'w' }, to));
  return text;
}

describe('the log of a process', () => {
  it('has JSON lines of its level and above, with invisible characters escaped', () => {
    const text = logged({ LOG_FORMAT: 'json' }, (log) => {
      log.debug('left out');
      log.info('a\u001b[31m b', { rows: 3, more: { list: ['\u0007', 1] } });
    });
    expect(text).not.toContain('\u001b');
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ level: 'info', worker: 'w', rows: 3, more: { list: [expect.any(String), 1] } });
    expect(logged({ LOG_FORMAT: 'json', LOG_LEVEL: 'error' }, (log) => log.warn('left out'))).toBe('');
  });

  it('has one entry per message in the pretty format, with colours only in a terminal', () => {
    const text = logged({ LOG_FORMAT: 'pretty' }, (log) => log.warn('a\nb', { deep: { none: null, list: ['x\u001b[31m'] } }));
    expect(text).toMatch(/^\[\d{4}-\d\d-\d\d .*Z\] WARN.*: a/);
    expect(text).not.toContain('\u001b');
    expect(text).toContain('"none": null');
  });

  it('has no colours outside a terminal, prints null values, and escapes control characters of foreign text', () => {
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true;
    try {
      const text = logged({ LOG_FORMAT: 'pretty' }, (log) => log.warn('a', { none: null, text: 'x\u202ey' }));
      expect(text).not.toContain('\u001b');
      expect(text).not.toContain('\u202e');
      expect(text).toContain('none: null');
    } finally {
      process.stderr.isTTY = isTTY;
    }
  });

  it('is refused with an unknown level or format', () => {
    expect(() => createLog({ LOG_LEVEL: 'loud' })).toThrow('LOG_LEVEL "loud": use one of trace, debug');
    expect(() => createLog({ LOG_FORMAT: 'xml' })).toThrow('LOG_FORMAT "xml": use pretty or json');
  });
});

describe('the address of a port in a variable', () => {
  it.each([
    ['127.0.0.1:9464', '127.0.0.1', 9464],
    [':0', '127.0.0.1', 0],
    ['::1:65535', '::1', 65_535],
  ])('has a host and a port: %s', (address, host, port) => {
    expect(splitAddress(address, 'METRICS_ADDRESS')).toEqual([host, port]);
  });

  it.each(['9464', 'localhost:', 'a:1.5', 'a:-1', 'a:65536', 'a:b', ''])('is refused with the name of its variable: %j', (address) => {
    expect(() => splitAddress(address, 'METRICS_ADDRESS')).toThrow(`METRICS_ADDRESS="${address}": write host:port`);
  });
});

describe('the metrics port', () => {
  const serve = async (address: string, sdkMetrics?: string, warnings: string[] = []) =>
    await serveMetrics({ address, metrics: createMetrics(), sdkMetrics, log: { ...silent, warn: (text) => void warnings.push(text) } });

  it('serves our metrics, and those of the SDK if there are any', async () => {
    const alone = await serve('127.0.0.1:0');
    const both = await serve('127.0.0.1:0', alone.address);
    const [ours, whole] = await Promise.all(
      [alone, both].map(async ({ address }) => await (await fetch(`http://${address}/metrics`)).text()),
    );
    expect(ours).toContain('predictlab_');
    expect(whole.split('# HELP predictlab_db_pool').length).toBe(3);
    expect((await fetch(`http://${alone.address}/`)).status).toBe(404);
    await alone.close();
    expect((await fetch(`http://${both.address}/metrics`)).status).toBe(500);
    await both.close();
  });

  it('is replaced by a free port when it is in use, and refused on a host that is not this machine', async () => {
    const first = await serve('127.0.0.1:0');
    const warnings: string[] = [];
    const second = await serve(first.address, undefined, warnings);
    expect(second.address).not.toBe(first.address);
    expect(warnings).toEqual([`the metrics port: ${first.address} is in use, so another port was taken`]);
    await Promise.all([first.close(), second.close()]);
    await expect(serve('203.0.113.1:1')).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining('METRICS_ADDRESS=203.0.113.1:1: '),
    });
  });
});
