/**
 * Temporal's search attributes of runs. The server's operator registers them; without them runs work, but no search finds runs by them.
 * - `PredictLabVerdict`: `success`, `degraded`, `failed` or `cancelled`, set when the run ends
 * - `PredictLabSymbol`: the symbol of a symbol's workflow, or the symbols of a run, where their names fit
 */
export const SEARCH_ATTRIBUTES = { PredictLabVerdict: 'Keyword', PredictLabSymbol: 'KeywordList' } as const;

/** Filter for Temporal's list of workflows that selects runs and leaves out the workflows of their symbols. */
const RUNS_FILTER = 'WorkflowType="pipeline"';

export interface WebUi {
  /** Base address of workflow pages: `<workflows>/<id>`. */
  readonly workflows: string;
  /** Address of the list of runs, which leaves out the workflows of their symbols. */
  readonly runs: string;
}

/** Addresses of a namespace in Temporal's Web UI. @param uiUrl the address of the Web UI itself */
export function webUiOf(uiUrl: string, namespace: string): WebUi {
  const workflows = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return { workflows, runs: `${workflows}?query=${encodeURIComponent(RUNS_FILTER)}` };
}
