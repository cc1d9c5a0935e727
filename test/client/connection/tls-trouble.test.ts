import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, type SecureServerOptions } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalRefused } from '../../../src/client/connection/temporal-connection.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-tls-'));
const file = (name: string): string => path.join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;
const read = (name: string): Buffer => readFileSync(file(name));

/** Creates certificates of common kinds: of a private authority, an expired one, one of another authority. */
function makeCertificates(): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`);
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost');
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...sign, '-days', '5', '-out', 'good.pem');
  openssl('x509', '-req', '-in', 'server.csr', ...sign, '-days', '-1', '-out', 'expired.pem');
}

describe.skipIf(!HAS_OPENSSL)('a Temporal server that cannot be reached over TLS', () => {
  const servers: Server[] = [];
  const listening = async (server: Server): Promise<string> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `localhost:${(server.address() as AddressInfo).port}`;
  };
  const secure = (certificate: string, more: SecureServerOptions = {}) =>
    listening(createSecureServer({ cert: read(certificate), key: read('server.key'), ...more }).on('sessionError', () => undefined));
  const said = async (address: string, tls: object): Promise<string> =>
    (await temporalRefused({ address, namespace: 'default', options: { address, tls } }, 'Failed to connect')).message;
  const trusting = (name: string) => ({ serverRootCACertificate: read(name) });

  beforeAll(makeCertificates);
  afterAll(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  it('is reported with an expired certificate, an unknown authority or another host name as the reason', async () => {
    const expired = await secure('expired.pem');
    expect(await said(expired, trusting('ca.pem'))).toMatch(
      /^cannot reach Temporal at localhost:\d+: its certificate has expired; renew it there/,
    );
    const good = await secure('good.pem');
    for (const tls of [trusting('other.pem'), {}])
      expect(await said(good, tls)).toContain('an authority that is not trusted here; name that authority’s certificate');
    expect(await said(good, { ...trusting('ca.pem'), serverNameOverride: 'elsewhere' })).toContain('TEMPORAL_TLS_SERVER_NAME');
  });

  it('is reported with a client certificate that is missing or refused as the reason', async () => {
    const wanting = await secure('good.pem', { requestCert: true, rejectUnauthorized: true, ca: read('ca.pem') });
    expect(await said(wanting, trusting('ca.pem'))).toContain('it requires a client certificate; set TEMPORAL_TLS_CLIENT_CERT_PATH');
    const clientCertPair = (crt: string, key: string) => ({ ...trusting('ca.pem'), clientCertPair: { crt: read(crt), key: read(key) } });
    expect(await said(wanting, clientCertPair('other.pem', 'other.key'))).toContain('it refuses the certificate of');
    expect(await said(wanting, clientCertPair('other.pem', 'ca.key'))).toContain('do not belong together');
  });

  it('is reported as a server that may not use TLS, also when nothing listens', async () => {
    const plain = await listening(createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    for (const address of [plain, 'localhost:1'])
      expect(await said(address, {})).toContain('which a plain server does not speak; start it');
  });
});
