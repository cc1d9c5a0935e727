import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Markup } from '../../report/elements/html.ts';
import { type PartTexts, patchesBetween, splitParts } from './live-patches.ts';

/** A look at what a page shows: its parts as they are now. */
export interface LiveLook {
  readonly parts: Readonly<Record<string, Markup>>;
  /** Nothing will change any more. */
  readonly ended: boolean;
  /** Who was asked did not answer, which the parts say. @default false */
  readonly unanswered?: boolean;
}

/** Somebody who watches. */
export interface Watcher {
  /** @param patches a list of `Patch` as JSON, one text for all who watch */
  patch(patches: string): void;
  ended(): void;
  /** What is shown cannot be looked at, or can be again. */
  still(isStill: boolean): void;
}

export interface LivePageOptions {
  readonly look: () => Promise<LiveLook>;
  readonly log: Log;
  /** The shortest pause between two looks. @default 150 */
  readonly pauseMs?: number;
  /** The largest share of time that looking may take, so that watching a large run does not slow it down. @default 0.05 */
  readonly share?: number;
  /** The longest pause, where a look costs the run little: on a busy machine every look takes long. @default none */
  readonly mostPauseMs?: number;
  /** Told when nobody watches any more. */
  readonly onIdle?: () => void;
}

/** Where it cannot be seen it is tried again this much later. */
const AFTER_TROUBLE_MS = 2_000;

/**
 * What one page shows, an open run or the page over all runs, looked at once for all who watch it and only while somebody does: what
 * changed since the last look is sent to each.
 */
export class LivePage {
  readonly #options: LivePageOptions;
  readonly #watchers = new Set<Watcher>();
  #shown: PartTexts | undefined;
  #latest: Readonly<Record<string, Markup>> = {};
  #looking: Promise<void> | undefined;
  #stop = new AbortController();
  #isStill = false;
  #isClosed = false;

  constructor(options: LivePageOptions) {
    this.#options = options;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Shows it to one more from its present state on. @returns what ends it */
  watch(watcher: Watcher): () => void {
    if (this.#isClosed) return () => undefined;
    this.#watchers.add(watcher);
    if (this.#isStill) watcher.still(true);
    if (this.#shown !== undefined) watcher.patch(JSON.stringify(patchesBetween(undefined, this.#shown, this.#latest)));
    if (this.#looking === undefined) {
      this.#stop = new AbortController();
      this.#looking = this.#lookOn(this.#stop.signal);
    }
    return () => {
      if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
      this.#rest();
      this.#options.onIdle?.();
    };
  }

  /** Nobody is shown anything any more, also not who comes later. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  #rest(): void {
    this.#stop.abort();
    this.#looking = undefined;
    this.#shown = undefined;
    this.#isStill = false;
    this.#watchers.clear();
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    const { look, log, pauseMs = 150, mostPauseMs = Number.POSITIVE_INFINITY, share = 0.05 } = this.#options;
    while (!signal.aborted) {
      const began = performance.now();
      let pause = AFTER_TROUBLE_MS;
      try {
        const { parts, ended, unanswered = false } = await look();
        if (signal.aborted) return;
        this.#show(parts);
        if (ended) {
          for (const watcher of this.#watchers) watcher.ended();
          this.#rest();
          this.#options.onIdle?.();
          return;
        }
        this.#tellStill(false);
        if (!unanswered) pause = Math.max(pauseMs, Math.min(mostPauseMs, (performance.now() - began) / share));
      } catch (error) {
        // nobody watches any more
        if (signal.aborted) return;
        // what is shown stands still; what it shows goes on
        if (!this.#isStill) log.warn('what a page shows cannot be looked at; trying again', { error: messageOf(error) });
        this.#tellStill(true);
      }
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  #tellStill(isStill: boolean): void {
    if (isStill === this.#isStill) return;
    this.#isStill = isStill;
    // who comes while they are told was told on coming
    const told = Array.from(this.#watchers);
    for (const watcher of told) watcher.still(isStill);
  }

  #show(parts: Readonly<Record<string, Markup>>): void {
    const now = splitParts(parts);
    const patches = patchesBetween(this.#shown, now, parts);
    this.#shown = now;
    this.#latest = parts;
    if (patches.length === 0) return;
    const text = JSON.stringify(patches);
    for (const watcher of this.#watchers) watcher.patch(text);
  }
}
