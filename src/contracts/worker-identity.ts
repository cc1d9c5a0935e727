/**
 * What a worker calls itself towards Temporal: `<pid>@<host>` as its SDK does, and the mark of its database behind it. Short: it is
 * written with each workflow task and activity.
 */
export const workerIdentity = ({ pid, host, mark }: { pid: number; host: string; mark: string | undefined }): string =>
  mark === undefined ? `${pid}@${host}` : `${pid}@${host}#${mark}`;

/** The mark of the database that a worker of this identity works on; undefined when it does not say. */
export const markOfIdentity = (identity: string): string | undefined => /#([0-9a-f]{8})$/.exec(identity)?.[1];
