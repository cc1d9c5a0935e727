import { openDuckDb, sqlText } from '../../src/files/duckdb.ts';

/** The rows of Parquet files as JSON would have them: times as ISO 8601 texts, whole numbers as numbers. @param files a path or a pattern */
export async function readParquet(files: string): Promise<Record<string, unknown>[]> {
  const duckDb = await openDuckDb();
  try {
    const rows: Record<string, unknown>[] = [];
    const sql = `select to_json(columns(*)) from read_parquet(${sqlText(files)}, hive_partitioning = false)`;
    const names: string[] = [];
    for await (const [column] of duckDb.chunks(`describe select * from read_parquet(${sqlText(files)}, hive_partitioning = false)`))
      names.push(...(column as string[]));
    for await (const columns of duckDb.chunks(sql)) {
      const [first] = columns;
      for (const at of first.keys())
        rows.push(
          Object.fromEntries(names.map((name, c) => [name, columns[c][at] === null ? null : JSON.parse(columns[c][at] as string)])),
        );
    }
    return rows;
  } finally {
    await duckDb.close();
  }
}
