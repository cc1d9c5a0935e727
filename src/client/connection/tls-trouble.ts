import { connect, type ConnectionOptions as TlsOptions } from 'node:tls';
import type { ConnectionOptions } from '@temporalio/client';
import { messageOf } from '../../contracts/errors.ts';
import { placeOf } from './connect-temporal.ts';

/** Longest time to look for the reason of a failed connection. */
const WITHIN_MS = 3_000;
/** Wait after the handshake: a server that requires a client certificate may refuse the connection only then. */
const REFUSED_WITHIN_MS = 500;

const UNKNOWN_AUTHORITY =
  'its certificate is from an authority that is not trusted here; name that authority’s certificate in TEMPORAL_TLS_SERVER_CA_CERT_PATH';

/** Sentences for the codes of Node.js's TLS errors, which name the environment variable to change. */
const TROUBLES: readonly (readonly [code: RegExp, sentence: string])[] = [
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired; renew it there, or set this machine’s clock right'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet; set this machine’s clock right'],
  [/^CERT_REVOKED$/, 'its certificate was revoked; renew it there'],
  [/^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA)/, UNKNOWN_AUTHORITY],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another name; set TEMPORAL_TLS_SERVER_NAME to the name in it'],
  [
    /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE)$/,
    'it requires a client certificate; set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH',
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)$/,
    'it refuses the certificate of TEMPORAL_TLS_CLIENT_CERT_PATH; name one that it trusts and that has not expired',
  ],
  [
    /KEY_VALUES_MISMATCH$/,
    'the certificate of TEMPORAL_TLS_CLIENT_CERT_PATH and the key of TEMPORAL_TLS_CLIENT_KEY_PATH do not belong together',
  ],
];

/**
 * Finds out whether TLS is the reason why a server does not answer, because Temporal's clients only say that they could not connect.
 * @returns the end of a sentence with what to do; undefined if TLS is not the reason or the reason is unknown
 */
export async function tlsTrouble({ address = '', tls }: ConnectionOptions): Promise<string | undefined> {
  const { host, port } = placeOf(address);
  const given = typeof tls === 'object' && tls !== null ? tls : {};
  const code = await troubleCode({
    host,
    port,
    servername: given.serverNameOverride ?? host,
    ALPNProtocols: ['h2'],
    ...(given.serverRootCACertificate === undefined ? {} : { ca: Buffer.from(given.serverRootCACertificate) }),
    ...(given.clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(given.clientCertPair.crt), key: Buffer.from(given.clientCertPair.key) }),
  });
  return TROUBLES.find(([means]) => means.test(code ?? ''))?.[1];
}

/** Makes one TLS connection and returns the code of its error; undefined if it succeeds or takes too long. */
async function troubleCode(options: TlsOptions): Promise<string | undefined> {
  return await new Promise((resolve) => {
    try {
      const socket = connect(options);
      const end = (code?: string): void => {
        socket.destroy();
        resolve(code);
      };
      socket.setTimeout(WITHIN_MS, () => end());
      let isMade = false;
      socket.once('secureConnect', () => {
        isMade = true;
        socket.setTimeout(REFUSED_WITHIN_MS);
      });
      // `on` and not `once`, because a later error without a listener would end the process.
      socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? messageOf(error)));
      // Some servers check the client's certificate after the handshake and then only close the connection.
      socket.once('close', () => end(isMade && options.cert !== undefined ? 'ALERT_BAD_CERTIFICATE' : undefined));
    } catch (error) {
      resolve((error as NodeJS.ErrnoException).code);
    }
  });
}
