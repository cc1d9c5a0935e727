/** A worker's identity: `<pid>@<host>` and a hash that marks its database. It is short, because Temporal records it with every task. */
export const workerIdentity = ({ pid, host, mark }: { pid: number; host: string; mark: string | undefined }): string =>
  mark === undefined ? `${pid}@${host}` : `${pid}@${host}#${mark}`;

/** Milliseconds between a worker's heartbeats to Temporal. Without them, Temporal hears from an idle worker only once a minute. */
export const WORKER_HEARTBEAT_MS = 5_000;

/** The `<pid>@<host>` part of an identity. */
export const nameOfIdentity = (identity: string): string => identity.replace(/#[0-9a-f]{8}$/, '');

/** The hash in an identity that marks the worker's database; undefined where the identity has none. */
export const markOfIdentity = (identity: string): string | undefined => /#([0-9a-f]{8})$/.exec(identity)?.[1];
