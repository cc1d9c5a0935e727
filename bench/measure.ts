/**
 * Milliseconds of `work`, the median of several runs after one that is not counted (it compiles and fills caches).
 *
 * @param options.runs @default 5
 */
export async function medianMs(work: () => unknown, { runs = 5, warmUps = 1 }: { runs?: number; warmUps?: number } = {}): Promise<number> {
  const times: number[] = [];
  for (let run = -warmUps; run < runs; run++) {
    const started = performance.now();
    await work();
    if (run >= 0) times.push(performance.now() - started);
  }
  return median(times);
}

/** The middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Watches the resident memory of this process. */
export function watchMemory(): { peakMb(): number; stop(): void } {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  return { peakMb: () => Math.round(peak / 2 ** 20), stop: () => clearInterval(timer) };
}
