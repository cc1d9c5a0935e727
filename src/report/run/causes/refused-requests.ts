import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { formatNumber, formatPercent, plural } from '../../elements/format.ts';

const GOOD = /^2\d\d$/;

/**
 * How many requests failed in `collect` tasks, one sentence per host: `polymarket/data: 50 % of 214 requests for 3 symbols failed and were
 * repeated or given up: 107 answered 503`.
 *
 * @param tasks the run's tasks; the output of those with failed requests has `answers`
 * @param isListed whether the failure of a source is listed already, so that its requests are not listed again
 */
export function refusedRequests(
  tasks: Readonly<Record<string, TaskResult>>,
  isListed: (source: string) => boolean = () => false,
): readonly string[] {
  const hosts = new Map<string, { total: number; symbols: number; bad: Map<string, number> }>();
  for (const { output } of Object.values(tasks)) {
    for (const [host, byStatus] of entriesOf(valueAt(output, 'answers'))) {
      const sums = hosts.get(host) ?? { total: 0, symbols: 0, bad: new Map<string, number>() };
      hosts.set(host, sums);
      sums.symbols++;
      for (const [status, count] of entriesOf(byStatus)) {
        if (typeof count !== 'number') continue;
        sums.total += count;
        if (!GOOD.test(status)) sums.bad.set(status, (sums.bad.get(status) ?? 0) + count);
      }
    }
  }
  return [...hosts]
    .filter(([host, { bad }]) => bad.size > 0 && !isListed(host.split('/')[0]))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, { total, symbols, bad }]) => {
      const failed = [...bad.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...bad]
        .sort((a, b) => b[1] - a[1])
        .map(([status, count]) => `${formatNumber(count)} ${status === 'none' ? 'without an answer' : `answered ${status}`}`);
      return `${host}: ${formatPercent(failed / total, 0)} of ${formatNumber(total)} requests for ${plural(symbols, 'symbol')} failed and were repeated or given up: ${kinds.join(', ')}`;
    });
}

const valueAt = (value: Json | undefined, key: string): Json | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as { readonly [key: string]: Json })[key] : undefined;

const entriesOf = (value: Json | undefined): readonly (readonly [string, Json])[] =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
