/** A worker's identity: `<pid>@<host>` and the mark of its database; short, because Temporal records it with every task. */
export const workerIdentity = ({ pid, host, mark }: { pid: number; host: string; mark: string | undefined }): string =>
  mark === undefined ? `${pid}@${host}` : `${pid}@${host}#${mark}`;

/** Milliseconds between a worker's heartbeats to Temporal; its polls alone come only once a minute. */
export const WORKER_HEARTBEAT_MS = 5_000;

/** The `<pid>@<host>` part of an identity. */
export const nameOfIdentity = (identity: string): string => identity.replace(/#[0-9a-f]{8}$/, '');

/** The mark of the database in an identity; undefined where the identity has none. */
export const markOfIdentity = (identity: string): string | undefined => /#([0-9a-f]{8})$/.exec(identity)?.[1];
