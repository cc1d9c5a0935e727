/** What a process has used since its start. */
export interface Usage {
  /** The clock of this answer, microseconds; the same as in CPU profiles. */
  readonly at: number;
  readonly cpuSeconds: number;
  /** Requests to Temporal by operation, without the long polls. */
  readonly requests: Readonly<Record<string, number>>;
  readonly statements: number;
}

/** A request of the bench to one of its processes. */
export type Ask = { readonly ask: 'usage' } | { readonly ask: 'run'; readonly shape: WorkShape };

/** The work of one row, as plain Temporal and DBOS receive it. */
export interface WorkShape {
  readonly kind: 'sequential' | 'parallel' | 'fanout';
  readonly count: number;
  /** Maximum number of children that run at once. */
  readonly window?: number;
}

let statements = 0;

/** Counts the statements of a `pg` package. */
export function countStatements({ Client }: { readonly Client: { readonly prototype: object } }): void {
  const prototype = Client.prototype as { query: (...given: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function counted(this: unknown, ...given: unknown[]) {
    statements++;
    return query.apply(this, given);
  };
}

/** Answers the bench's requests and ends the process's work when the bench disconnects. */
export function answer({
  sdkMetrics,
  run,
}: {
  /** Address of the Temporal SDK's metrics. @default no requests are counted */
  readonly sdkMetrics?: string;
  readonly run?: (shape: WorkShape) => Promise<void>;
}): void {
  const answerTo = async (message: Ask): Promise<unknown> => {
    if (message.ask === 'run') return await run?.(message.shape);
    const { user, system } = process.cpuUsage();
    const at = Number(process.hrtime.bigint() / 1_000n);
    return { at, cpuSeconds: (user + system) / 1e6, requests: await requestsOf(sdkMetrics), statements } satisfies Usage;
  };
  process.on('message', (message: Ask) => {
    answerTo(message).then(
      (answered) => process.send?.({ answered: answered ?? null }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    );
  });
}

async function requestsOf(address: string | undefined): Promise<Record<string, number>> {
  if (address === undefined) return {};
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const counts: Record<string, number> = {};
  for (const [, operation, count] of text.matchAll(/^temporal_request\{.*operation="(\w+)".*\} (\d+)$/gm)) {
    counts[operation] = (counts[operation] ?? 0) + Number(count);
  }
  return counts;
}
