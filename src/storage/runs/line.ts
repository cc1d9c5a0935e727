/** SQL for the line of a row with an `input`: equal for runs of the same input, whatever their `asOf`. */
export const LINE = "md5((case jsonb_typeof(input) when 'object' then input - 'asOf' else input end)::text)";

/** SQL for the line of a row of `runs`; a retry has the line of the run that it retries. @param run the row's alias */
export const lineOfRun = (run: string): string => `(with recursive chain as (
  select ${run}.input, ${run}.retry_of, 0 as depth
  union all select o.input, o.retry_of, depth + 1 from chain join runs o on o.execution_id = chain.retry_of)
  select ${LINE} from chain order by depth desc limit 1)`;
