import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { renderLiveTable } from '../../src/cli/terminal/live-table.ts';
import { note, printJson, printJsonLine, printLine, printTable } from '../../src/cli/terminal/print.ts';
import { endedLines, summaryLines } from '../../src/cli/terminal/run-lines.ts';
import { InvalidPipelineError } from '../../src/contracts/errors.ts';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import { oneLine, visibleJson, visibleText } from '../../src/contracts/text/plain-text.ts';
import { encodeCsv } from '../../src/files/write/write-table.ts';
import { escapeHtml } from '../../src/report/elements/html.ts';
import { plainLog } from '../../src/set-up/plain-log.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { predictlabHere } from '../support/command.ts';
import { worlds } from '../support/worlds.ts';

/** Harmful control sequences: clipboard access, a title, a cleared screen, a forged line, a reversed line; each alone and all mixed. */
const NASTY = [
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u001b[2J',
  '\u009b31m',
  '\u0090q\u009c',
  '\r\nforged',
  '\u202eesrever',
  '\u2066open',
  '\u2028',
  '\u0000',
  '\ud800',
  '\u00ad',
  '\u200f',
  '\u{e0041}',
];
const foreign = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom(...NASTY)), { maxLength: 6 })
  .map((parts) => parts.join(''));

// oxlint-disable-next-line no-control-regex -- that is what is looked for
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const expectPlain = (text: string, lines: number): void => {
  expect(text).not.toMatch(HARMFUL);
  expect(text.split('\n')).toHaveLength(lines);
};

/** Captures what `work` writes to standard output and error. */
function written(work: () => void): string {
  let text = '';
  const keep = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  const spies = [vi.spyOn(process.stdout, 'write').mockImplementation(keep), vi.spyOn(process.stderr, 'write').mockImplementation(keep)];
  try {
    work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return text;
}

const resultWith = (text: string): PipelineResult =>
  ({
    runId: text,
    result: 'degraded',
    reasons: [text, text],
    paused: false,
    maxConcurrent: 5,
    totalTasks: 2,
    completedTasks: 2,
    progress: 1,
    startedAt: '2026-11-25T08:00:00.000Z',
    finishedAt: '2026-11-25T08:00:01.000Z',
    durationSeconds: 1,
    statusBreakdown: { pending: 0, running: 0, success: 0, failed: 1, skipped: 1, cancelled: 0 },
    stageStats: {},
    taskResults: {
      [`t${text}`]: { status: 'failed', attempts: 1, durationSeconds: 1, error: { type: text, message: text } },
      [`u${text}`]: { status: 'skipped', skippedBecause: text },
    },
  }) as unknown as PipelineResult;

afterEach(() => vi.restoreAllMocks());

describe('text from another party, such as the title of a market', () => {
  it('is one plain line wherever a terminal shows it', () => {
    fc.assert(
      fc.property(foreign, (text) => {
        const result = resultWith(text);
        expectPlain(summaryLines(result, [['report', text]]).join('\n'), 4);
        for (const line of endedLines(result, new Set())) expectPlain(line, 1);
        for (const line of renderLiveTable(result, new Map(), { width: 80, now: 0, colour: false })) expectPlain(line, 1);
        expectPlain(
          written(() =>
            printTable([
              ['run', 'title'],
              [text, text],
            ]),
          ),
          3,
        );
        expectPlain(
          written(() => printLine(oneLine(text))),
          2,
        );
        for (const print of [printLine, note]) expect(written(() => print(text))).not.toMatch(HARMFUL);
        expectPlain(oneLine(text), 1);
        const logged: string[] = [];
        plainLog((line) => logged.push(line)).info(text);
        expect(logged.join()).not.toMatch(HARMFUL);
        const { message } = new InvalidPipelineError([{ where: text, message: text }]);
        expectPlain(message, 2);
      }),
    );
  });

  it('is escaped in JSON, and reads back the same', () => {
    fc.assert(
      fc.property(foreign, (text) => {
        for (const print of [printJson, printJsonLine]) {
          const json = written(() => print({ [text]: [text] }));
          expect(json).not.toMatch(HARMFUL);
          expect(JSON.parse(json)).toEqual({ [text]: [text] });
        }
      }),
    );
  });

  it('is one plain line in a log, pretty or JSON', () => {
    fc.assert(
      fc.property(foreign, fc.constantFrom('pretty', 'json'), (text, format) => {
        let logged = '';
        const to = new Writable({
          write(chunk, _, done) {
            logged += String(chunk);
            done();
          },
        });
        const log = createLog({ LOG_FORMAT: format }, {}, to);
        log.warn(`m${text}`, { field: text, [`f${text}`]: { deep: [text] } });
        expect(logged).not.toMatch(HARMFUL);
        if (format === 'json') expect((JSON.parse(logged) as { field: string }).field.toWellFormed()).toBe(text.toWellFormed());
      }),
      { numRuns: worlds(40) },
    );
  });

  it('from a user loses its control characters in an error that repeats it', async () => {
    for (const text of [...NASTY, NASTY.join('x')].filter((text) => !text.includes('\u0000'))) {
      for (const args of [
        ['export', text],
        ['run', '--until', text],
        ['candles', '--ticks', text, '--interval', '1h'],
        [`--${text}`],
        [text],
      ]) {
        const { code, stdout, stderr } = await predictlabHere(args, {});
        expect(code, args.join(' ')).toBe(2);
        expect(stdout + stderr, JSON.stringify(args)).not.toMatch(HARMFUL);
        expect(stderr).not.toMatch(/^forged/m);
      }
    }
  });

  it('cannot reverse the direction of text on a page, and a page has no control characters', () => {
    fc.assert(
      fc.property(foreign, (text) => {
        expect(escapeHtml(text.replaceAll(/[\t\n\r]/g, ''))).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('stays unchanged when it is harmless', () => {
    for (const text of ['Will BTC close above $100k? – 24 Nov, 10:00', '価格は？', 'مرحبا', 'क्‍ष', '👩‍🚀 ok', 'a  b']) {
      expect(visibleText(text)).toBe(text);
      expect(visibleJson(JSON.stringify(text))).toBe(JSON.stringify(text));
      expect(escapeHtml(text)).toBe(text);
    }
  });
});

describe('CSV for spreadsheets', () => {
  const csvOf = async (texts: readonly string[], safe: boolean): Promise<string[]> => {
    const batches = (async function* () {
      yield texts.map((text) => [text, -1.5]);
    })();
    let csv = '';
    const columns = [{ name: 'title', type: 'text' } as const, { name: 'price', type: 'number' } as const];
    for await (const part of encodeCsv({ columns, batches }, { safe })) csv += part;
    return csv.trimEnd().split('\n').slice(1);
  };

  it('has no formulas with --safe, leaves numbers as numbers, and leaves texts as they are without --safe', async () => {
    const formulas = ['=cmd|A1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '＝1'];
    expect((await csvOf(formulas, true)).every((line) => /^"?'/.test(line) && line.endsWith(',-1.5'))).toBe(true);
    expect(await csvOf(['Yes', '0x1', 'a=b'], true)).toEqual(['Yes,-1.5', '0x1,-1.5', 'a=b,-1.5']);
    expect(await csvOf(['=1'], false)).toEqual(['=1,-1.5']);
  });
});
