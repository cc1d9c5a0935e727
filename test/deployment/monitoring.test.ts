import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

const rule = z.union([
  z.strictObject({ record: z.string(), expr: z.string() }),
  z.strictObject({
    alert: z.string().regex(/^PredictLab[A-Za-z]+$/),
    expr: z.string(),
    for: z.string().regex(/^\d+[smh]$/),
    labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
    annotations: z.strictObject({ summary: z.string(), description: z.string() }),
  }),
]);
const rules = z
  .strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })) })
  .parse(parse(read('ops/prometheus/rules.yml')))
  .groups.flatMap((group) => group.rules);

const dashboard = z
  .object({
    panels: z.array(z.object({ title: z.string(), type: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) })),
  })
  .parse(JSON.parse(read('ops/grafana/dashboard.json')));

const expressions = [...rules.map(({ expr }) => expr), ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];

/** Metrics that Temporal's Core adds to those of a worker. */
const SDK_METRICS = [
  'temporal_activity_schedule_to_start_latency',
  'temporal_workflow_task_schedule_to_start_latency',
  'temporal_worker_task_slots_available',
  'temporal_request_failure',
  'temporal_workflow_task_execution_failed',
  'temporal_activity_execution_failed',
];

describe('the Prometheus rules and the dashboard', () => {
  it('query only metrics that a worker serves', async () => {
    const served = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
    const recorded = rules.flatMap((each) => ('record' in each ? [each.record] : []));
    const known = new Set([...served, ...recorded, ...SDK_METRICS, 'up']);
    const asked = expressions
      .flatMap((expr) => expr.replace(/\{[^}]*\}/g, '').match(/\b(?:predictlab|temporal|process|nodejs|up)[a-z0-9_:]*/g) ?? [])
      .map((name) => name.replace(/_bucket$/, ''));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  it('query only labels that those metrics have', () => {
    const contract: Readonly<Record<string, readonly string[]>> = {
      predictlab_tasks_total: ['stage', 'status'],
      predictlab_rows_total: ['stage', 'outcome'],
      predictlab_retries_total: ['stage', 'error'],
      predictlab_queue_length: ['state'],
      predictlab_db_pool: ['state'],
      predictlab_freshness_seconds: ['symbol'],
      predictlab_twin_basis: ['market', 'twin'],
      predictlab_stage_duration_seconds_bucket: ['stage', 'le'],
    };
    const selections = expressions.flatMap((expr) => [...expr.matchAll(/(predictlab_\w+)\{([^}]*)\}/g)]);
    expect(selections.length).toBeGreaterThan(5);
    for (const [, metric, matchers] of selections) {
      const labels = [...matchers.matchAll(/(\w+)\s*=~?/g)].map(([, label]) => label);
      expect({ metric, labels, known: labels.every((label) => contract[metric]?.includes(label)) }).toMatchObject({ known: true });
    }
  });

  it('cover every metric of the contract', () => {
    const contract = [
      'stage_duration_seconds',
      'tasks_total',
      'retries_total',
      'queue_length',
      'rows_total',
      'freshness_seconds',
      'db_pool',
      'twin_basis',
    ];
    const text = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
    expect(contract.filter((name) => !text.includes(`predictlab_${name}`))).toEqual([]);
  });

  it('have balanced expressions and titled panels', () => {
    const depth = (expr: string, open: string, close: string): number => expr.split(open).length - expr.split(close).length;
    expect(expressions.filter((expr) => depth(expr, '(', ')') !== 0 || depth(expr, '[', ']') !== 0 || depth(expr, '{', '}') !== 0)).toEqual(
      [],
    );
    expect(dashboard.panels.filter(({ type, title, targets }) => title === '' || (type !== 'row' && targets.length === 0))).toEqual([]);
  });

  it('are documented: every alert has a line in docs/deployment.md', () => {
    const text = read('docs/deployment.md');
    const alerts = rules.flatMap((each) => ('alert' in each ? [each.alert] : []));
    expect(alerts.length).toBeGreaterThan(5);
    expect(alerts.filter((name) => !text.includes(name))).toEqual([]);
  });

  it('are loaded by a Prometheus that finds every worker', () => {
    const config = parse(read('ops/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    expect(config.rule_files).toEqual(['/etc/prometheus/rules.yml']);
    expect(config.scrape_configs[0]).toMatchObject({ job_name: 'predictlab', dns_sd_configs: [{ names: ['worker'], port: 9464 }] });
  });
});
