import type { QueryResult, QueryResultRow } from 'pg';

/** Runs SQL; a pool or one transaction. */
export interface Queryable {
  query<Row extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}

/** One open transaction; valid until its callback ends. */
export interface Transaction extends Queryable {
  readonly transaction: true;
}

export interface Database extends Queryable {
  readonly url: string;
  /** BEGIN … COMMIT around `work`; ROLLBACK when it throws. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
