import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { type Markup, unescapeHtml } from '../../report/elements/html.ts';

/** One replacement on an open page: the new content of the element whose `data-part` is `part`. */
export interface Patch {
  readonly part: string;
  readonly html: string;
}

/** The HTML of a page's parts and, separately, of the keyed rows in them, by name. */
export type PartTexts = ReadonlyMap<string, string>;

/** A row that `table` gave a key. */
const KEYED_ROW = /<tr data-part="([^"]*)">([\s\S]*?)<\/tr>/g;

/** Separates keyed rows from their parts, so that a change in a long table sends only the changed row. */
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
 * The patches that turn a page from `before` into `after`: only changed rows, or a whole part if rows were added, removed or moved. Without
 * `before`: everything.
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
  /** Whether the page will never change again. */
  readonly ended: boolean;
  /** Whether the run did not answer; the parts say so. @default false */
  readonly unanswered?: boolean;
}

/** What has changed on a page since a reader's last request. */
export interface PageChanges {
  readonly patches: readonly Patch[];
  /** The revision that the reader's next request must name. */
  readonly revision: number;
  readonly ended: boolean;
  /** Whether the page's data cannot be read at the moment, so that the page stands still. */
  readonly still: boolean;
}

export interface LivePageOptions {
  readonly look: () => Promise<LiveLook>;
  readonly log: Log;
  /** Minimum milliseconds between two reads of the page. @default 150 */
  readonly pauseMs?: number;
  /** Maximum share of time spent reading the page, so that watching a large run does not slow it down. @default 0.05 */
  readonly share?: number;
  /** Maximum milliseconds between two reads, although more than `share` of the time is then spent reading. @default no limit */
  readonly maxPauseMs?: number;
  /** Milliseconds without a request after which the page is no longer read. @default 10,000 */
  readonly askedWithinMs?: number;
  /** Called when reading of the page stops because nobody requests its changes, or because it has ended. */
  readonly onIdle?: () => void;
}

/** Milliseconds until the next read after a failed one. */
const AFTER_ERROR_MS = 2_000;

/**
 * One live page (an open run, or the page of all runs), read once for all its readers and only while some request its changes. No state is
 * kept per reader: each request names the revision that the reader has.
 */
export class LivePage {
  readonly #options: LivePageOptions;
  readonly #stop = new AbortController();
  /** The last change of each part and row, in the order of these changes. */
  readonly #changes = new Map<string, { readonly revision: number; readonly html: string }>();
  #shown: PartTexts | undefined;
  // Starts above the revisions of any earlier page at this address, including those of an earlier process.
  #revision = Date.now();
  #askedAt = Date.now();
  #isStill = false;

  constructor(options: LivePageOptions) {
    this.#options = options;
    void this.#lookWhileAsked();
  }

  /** The changes after a revision; the whole page if the reader has no revision yet. */
  changesSince(revision: number): PageChanges {
    this.#askedAt = Date.now();
    const news = [...this.#changes].filter(([, change]) => change.revision > revision);
    return { patches: news.map(([part, { html }]) => ({ part, html })), revision: this.#revision, ended: false, still: this.#isStill };
  }

  close(): void {
    this.#stop.abort();
  }

  async #lookWhileAsked(): Promise<void> {
    const { signal } = this.#stop;
    const { look, log, pauseMs = 150, maxPauseMs = Number.POSITIVE_INFINITY, share = 0.05, askedWithinMs = 10_000, onIdle } = this.#options;
    while (!signal.aborted && Date.now() - this.#askedAt < askedWithinMs) {
      const startedAt = performance.now();
      let pause = AFTER_ERROR_MS;
      try {
        const { parts, ended, unanswered = false } = await look();
        if (ended) break;
        this.#show(parts);
        this.#isStill = false;
        if (!unanswered) pause = Math.max(pauseMs, Math.min(maxPauseMs, (performance.now() - startedAt) / share));
      } catch (error) {
        // Only the page stops updating; the run continues.
        if (!this.#isStill && !signal.aborted) log.warn('a live page cannot be read; trying again', { error: messageOf(error) });
        this.#isStill = true;
      }
      // `close` ends the pause with an error
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
    onIdle?.();
  }

  #show(parts: Readonly<Record<string, Markup>>): void {
    const now = splitParts(parts);
    const revision = this.#revision + 1;
    for (const { part, html } of patchesBetween(this.#shown, now, parts)) {
      this.#changes.delete(part);
      this.#changes.set(part, { revision, html });
      this.#revision = revision;
    }
    this.#shown = now;
  }
}
