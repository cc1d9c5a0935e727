/**
 * The search attributes of runs in Temporal, with their types. The operator of the server registers them; on a server without them
 * runs work as usual but cannot be found by them.
 *
 * - `PredictLabVerdict`: how a run ended, `success`, `degraded`, `failed` or `cancelled`; set at its end
 * - `PredictLabSymbol`: the symbols of a run of few (see `STAGE_DETAIL_LIMIT`), and the one of each symbol's workflow
 */
export const SEARCH_ATTRIBUTES = { PredictLabVerdict: 'Keyword', PredictLabSymbol: 'KeywordList' } as const;

/** Temporal's list filter for runs without the workflows of their symbols. */
const RUNS_FILTER = 'WorkflowType="pipeline"';

/** Addresses in Temporal's Web UI. */
export interface WebUi {
  /** Base address of workflow pages: `<workflows>/<id>`. */
  readonly workflows: string;
  /** Address of the list of runs, without their symbols' workflows. */
  readonly runs: string;
}

/** Web UI addresses of a namespace. @param uiUrl the address of the Web UI itself */
export function webUiOf(uiUrl: string, namespace: string): WebUi {
  const workflows = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return { workflows, runs: `${workflows}?query=${encodeURIComponent(RUNS_FILTER)}` };
}
