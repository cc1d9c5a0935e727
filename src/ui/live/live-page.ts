import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { type Markup, unescapeHtml } from '../../report/elements/html.ts';

/** One replacement on an open page: the new content of the element whose `data-part` is `part`. */
export interface Patch {
  readonly part: string;
  readonly html: string;
}

/** A page's parts and, apart from them, their keyed rows, by name. */
export type PartTexts = ReadonlyMap<string, string>;

/** A row that `table` gave a key. */
const KEYED_ROW = /<tr data-part="([^"]*)">([\s\S]*?)<\/tr>/g;

/** Splits parts so that one changed row of a long table costs one row. */
export function splitParts(parts: Readonly<Record<string, Markup>>): PartTexts {
  const texts = new Map<string, string>();
  for (const [name, { text }] of Object.entries(parts)) {
    const rows = new Map<string, string>();
    const frame = text.replace(KEYED_ROW, (_, key: string, row: string) => {
      rows.set(unescapeHtml(key), row);
      return `\u0000${key}\u0000`;
    });
    texts.set(name, frame);
    for (const [key, row] of rows) texts.set(key, row);
  }
  return texts;
}

/**
 * The patches that turn a page from `before` into `after`: changed rows only, or a part as a whole where rows came, went or moved.
 * Without `before`: everything.
 */
export function patchesBetween(before: PartTexts | undefined, after: PartTexts, parts: Readonly<Record<string, Markup>>): readonly Patch[] {
  const patches: Patch[] = [];
  for (const [name, { text }] of Object.entries(parts)) {
    if (before?.get(name) !== after.get(name)) {
      patches.push({ part: name, html: text });
      continue;
    }
    for (const key of rowKeys(after.get(name) ?? '')) {
      const row = after.get(key) ?? '';
      if (before?.get(key) !== row) patches.push({ part: key, html: row });
    }
  }
  return patches;
}

// The marks that `splitParts` left; escaped text has no NUL.
// oxlint-disable-next-line no-control-regex
const rowKeys = (frame: string): string[] => [...frame.matchAll(/\u0000([^\u0000]*)\u0000/g)].map((match) => unescapeHtml(match[1] ?? ''));

export interface LiveLook {
  readonly parts: Readonly<Record<string, Markup>>;
  /** Whether the page will not change any more. */
  readonly ended: boolean;
  /** Whether the run did not answer; the parts say so. @default false */
  readonly unanswered?: boolean;
}

export interface Watcher {
  /** Sends changes. @param patches a list of `Patch` as JSON, one text for all watchers */
  patch(patches: string): void;
  ended(): void;
  /** Reports that the page cannot be updated any more (`isStill`), or can be again. */
  still(isStill: boolean): void;
}

export interface LivePageOptions {
  readonly look: () => Promise<LiveLook>;
  readonly log: Log;
  /** Minimum milliseconds between two reads of the page. @default 150 */
  readonly pauseMs?: number;
  /** Maximum share of time spent reading the page, so that watching a large run does not slow it down. @default 0.05 */
  readonly share?: number;
  /** Maximum milliseconds between two reads, even beyond `share`: on a busy machine every read takes long. @default no limit */
  readonly maxPauseMs?: number;
  /** Called when the last watcher has left. */
  readonly onIdle?: () => void;
}

/** Pause after a failed read. */
const AFTER_ERROR_MS = 2_000;

/**
 * One live page (an open run, or the page of all runs), read once for all its watchers and only while there are some.
 * Each watcher gets what changed since the last look.
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

  /** Adds a watcher, which gets the present state first. @returns a function that removes it */
  watch(watcher: Watcher): () => void {
    if (this.#isClosed) return () => undefined;
    this.#watchers.add(watcher);
    if (this.#isStill) watcher.still(true);
    if (this.#shown !== undefined) watcher.patch(JSON.stringify(patchesBetween(undefined, this.#shown, this.#latest)));
    if (this.#looking === undefined) {
      this.#stop = new AbortController();
      this.#looking = this.#lookUntilStopped(this.#stop.signal);
    }
    return () => {
      if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
      this.#stopLooking();
      this.#options.onIdle?.();
    };
  }

  /** Removes all watchers and accepts no more. */
  close(): void {
    this.#isClosed = true;
    this.#stopLooking();
  }

  #stopLooking(): void {
    this.#stop.abort();
    this.#looking = undefined;
    this.#shown = undefined;
    this.#isStill = false;
    this.#watchers.clear();
  }

  async #lookUntilStopped(signal: AbortSignal): Promise<void> {
    const { look, log, pauseMs = 150, maxPauseMs = Number.POSITIVE_INFINITY, share = 0.05 } = this.#options;
    while (!signal.aborted) {
      const startedAt = performance.now();
      let pause = AFTER_ERROR_MS;
      try {
        const { parts, ended, unanswered = false } = await look();
        if (signal.aborted) return;
        this.#show(parts);
        if (ended) {
          for (const watcher of this.#watchers) watcher.ended();
          this.#stopLooking();
          this.#options.onIdle?.();
          return;
        }
        this.#sendStill(false);
        if (!unanswered) pause = Math.max(pauseMs, Math.min(maxPauseMs, (performance.now() - startedAt) / share));
      } catch (error) {
        // The last watcher has left.
        if (signal.aborted) return;
        // Only the page stops updating; the run continues.
        if (!this.#isStill) log.warn('a live page cannot be read; trying again', { error: messageOf(error) });
        this.#sendStill(true);
      }
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  #sendStill(isStill: boolean): void {
    if (isStill === this.#isStill) return;
    this.#isStill = isStill;
    // Iterates over a copy, because a watcher that joins meanwhile gets this state when it joins.
    for (const watcher of Array.from(this.#watchers)) watcher.still(isStill);
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
