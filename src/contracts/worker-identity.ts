/**
 * What a worker calls itself towards Temporal: `<pid>@<host>` as its SDK does, and the mark of its database behind it. Short: it is
 * written with each workflow task and activity.
 */
export const workerIdentity = ({ pid, host, mark }: { pid: number; host: string; mark: string | undefined }): string =>
  mark === undefined ? `${pid}@${host}` : `${pid}@${host}#${mark}`;

/** How often a worker tells Temporal that it is there, beside its polls, which last a minute; milliseconds. */
export const WORKER_HEARTBEAT_MS = 5_000;

/** `<pid>@<host>` of an identity. */
export const nameOfIdentity = (identity: string): string => identity.replace(/#[0-9a-f]{8}$/, '');

/** The mark of the database that a worker of this identity works on; undefined when it does not say. */
export const markOfIdentity = (identity: string): string | undefined => /#([0-9a-f]{8})$/.exec(identity)?.[1];
