/**
 * What runs can be searched by in Temporal: its names, with the type each has there. Whoever runs the server registers them; a run
 * on a server without them goes as it does with them, and is not found by them.
 *
 * - `PredictLabVerdict`: how a run ended, `success`, `degraded`, `failed` or `cancelled`; set at its end
 * - `PredictLabSymbol`: the symbols of a run of few (see `STAGE_DETAIL_LIMIT`), and the one of each symbol's workflow
 */
export const SEARCH_ATTRIBUTES = { PredictLabVerdict: 'Keyword', PredictLabSymbol: 'KeywordList' } as const;

/** Temporal's list filter for runs alone, without the workflows of their symbols. */
const RUNS_FILTER = 'WorkflowType="pipeline"';

/** Addresses in Temporal's Web UI. */
export interface WebUi {
  /** A workflow's page is below it: `<workflows>/<id>`. */
  readonly workflows: string;
  /** The list of runs, without their symbols' workflows. */
  readonly runs: string;
}

/** The addresses of a namespace, from the Web UI's own. */
export function webUiOf(uiUrl: string, namespace: string): WebUi {
  const workflows = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return { workflows, runs: `${workflows}?query=${encodeURIComponent(RUNS_FILTER)}` };
}
