import type { QueryResult, QueryResultRow } from 'pg';

/** Frequent SQL with a name, by which each connection parses and plans it once. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** Runs SQL, on a pool or in one transaction. */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(
    sql: string | PreparedStatement,
    values?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  /** Feeds a `COPY … FROM STDIN`. COPY takes no parameters: only numbers and names from this code may be put into the text. */
  copyIn(text: string, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void>;
  /** Streams a `COPY … TO STDOUT`; leaving the loop early cancels it. */
  copyOut(text: string): AsyncIterable<Buffer>;
}

/** One open transaction; valid until its callback ends. */
export interface Transaction extends Queryable {
  readonly transaction: true;
}

export interface Database extends Queryable {
  readonly url: string;
  /** Numbers of busy and idle connections, of callers that wait for one, and of connections that the server has refused so far. */
  connections(): { readonly busy: number; readonly idle: number; readonly waiting: number; readonly refused: number };
  /** Sets the largest number of connections of the pool; those above it close when their work ends. */
  resize(max: number): void;
  /** Runs `work` in a transaction, which is committed at the end or rolled back when `work` throws. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Runs `work` in the transaction that is open, else in a new one. */
export function withinTransaction<T>(queryable: Queryable, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  if ('transaction' in queryable) {
    if (queryable.transaction === true) return work(queryable as Transaction);
    return (queryable as Database).transaction(work);
  }
  throw new TypeError('withinTransaction needs a Database or a Transaction');
}

/**
 * Runs `work` on one snapshot of the database, however long it takes; within an open transaction, on what that transaction sees. Months of
 * ticks cannot be dropped meanwhile, since a dropped month would also be missing in the snapshot.
 */
export function onSnapshot<T>(queryable: Queryable, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  return withinTransaction(queryable, async (transaction) => {
    if (transaction !== queryable) {
      // the lock comes before the first query, which takes the snapshot
      await transaction.query(
        'set transaction isolation level repeatable read, read only; set local statement_timeout = 0; lock table only ticks in access share mode',
      );
    }
    return await work(transaction);
  });
}
