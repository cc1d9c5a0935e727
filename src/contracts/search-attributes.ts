/**
 * The search attributes of runs. The server's operator registers them; without them runs work, but cannot be found by them.
 * - `PredictLabVerdict`: `success`, `degraded`, `failed` or `cancelled`, set when the run ends
 * - `PredictLabSymbol`: the symbol of a symbol's workflow, or the symbols of a run, where their names fit
 */
export const SEARCH_ATTRIBUTES = { PredictLabVerdict: 'Keyword', PredictLabSymbol: 'KeywordList' } as const;

/** Temporal's list filter for runs without the workflows of their symbols. */
const RUNS_FILTER = 'WorkflowType="pipeline"';

export interface WebUi {
  /** Base address of workflow pages: `<workflows>/<id>`. */
  readonly workflows: string;
  /** Address of the list of runs without the workflows of their symbols. */
  readonly runs: string;
}

/** Web UI addresses of a namespace. @param uiUrl the address of the Web UI itself */
export function webUiOf(uiUrl: string, namespace: string): WebUi {
  const workflows = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return { workflows, runs: `${workflows}?query=${encodeURIComponent(RUNS_FILTER)}` };
}
