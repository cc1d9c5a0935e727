import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import S3rver from 's3rver';

/** An S3-compatible server on loopback that checks signatures, with one bucket. */
export interface S3Server {
  /** The environment of a process that uses it. */
  readonly env: NodeJS.ProcessEnv;
  /** Stops answering; `start` continues on the same port with the same objects. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startS3Server(prefix = ''): Promise<S3Server> {
  const directory = await mkdtemp(path.join(tmpdir(), 'predictlab-s3-'));
  let server: S3rver;
  let port = 0;
  const start = async (): Promise<void> => {
    server = new S3rver({ address: '127.0.0.1', port, silent: true, directory, configureBuckets: [{ name: 'artifacts', configs: [] }] });
    const address = await server.run();
    port = address.port;
  };
  const stop = async (): Promise<void> => {
    await server.close();
  };
  await start();
  return {
    env: {
      ARTIFACTS_URL: `http://127.0.0.1:${port}/artifacts${prefix}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
      AWS_REGION: 'us-east-1',
    },
    stop,
    start,
    async close() {
      await stop().catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
