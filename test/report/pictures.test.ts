import { readFileSync } from 'node:fs';
import { Resvg } from '@resvg/resvg-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLOT_WIDTH } from '../../src/report/charts/plot.ts';
import { type Picture, pictureSvg } from '../../src/report/pictures/picture.ts';
import { runPictures, symbolPictures } from '../../src/report/pictures/symbol-pictures.ts';
import { sampleRun } from './sample-run.ts';
import { sampleInstrument, sampleSeries, sampleSymbol } from './sample-symbol.ts';

const sample = (seed: number) =>
  sampleSymbol({ instruments: [sampleInstrument({ series: [sampleSeries('1h', seed), sampleSeries('1d', seed)] })] });

/** Bytes of every picture, by name. */
const drawn = (pictures: readonly Picture[]): ReadonlyMap<string, string> => new Map(pictures.map((one) => [one.name, pictureSvg(one)]));

describe('pictures of a symbol', () => {
  it('are the same bytes for the same data, wherever and whenever they are drawn, and differ for other data', () => {
    const { TZ } = process.env;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu'), (seed, zone) => {
        const data = sample(seed);
        const once = drawn(symbolPictures(data));
        process.env.TZ = zone;
        expect(drawn(symbolPictures(structuredClone(data)))).toEqual(once);
        expect(drawn(symbolPictures(sample(seed + 1))).get('BTC_PRICE-candles-1h')).not.toBe(once.get('BTC_PRICE-candles-1h'));
      }),
      { numRuns: 15 },
    );
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });

  it('have their own names, which start with the symbol', () => {
    const data = sampleSymbol({ instruments: [sampleInstrument(), sampleInstrument({ id: 'predict:1' })], instrumentCount: 2 });
    const names = symbolPictures(data).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => name.startsWith('BTC_PRICE-'))).toBe(true);
    expect(names).toEqual(
      expect.arrayContaining(['BTC_PRICE-candles-1h', 'BTC_PRICE-2-candles-4h', 'BTC_PRICE-equity-1h', 'BTC_PRICE-calibration-1h']),
    );
  });

  it('are self-contained: no external style, no script, and no title that could become a tag', () => {
    for (const text of drawn(symbolPictures(sampleSymbol({ instruments: [sampleInstrument({ title: '<script>"&' })] }))).values()) {
      expect(text).not.toMatch(/var\(|<script|undefined|NaN/);
      expect(text).toMatch(/^<svg xmlns/);
    }
  });

  it('show buying and holding on the same terms next to the strategy', () => {
    const [equity] = symbolPictures(sampleSymbol()).filter(({ name }) => name.includes('equity'));
    expect(equity.legend?.map(({ text }) => text)).toContain('buy and hold on the same terms');
    expect(pictureSvg(equity)).toMatch(/class="line held" d="M/);
  });

  it('have the short label of a gap in its middle, where the gap is wide enough', () => {
    const band = (from: number, to: number, short: string) => ({ from, to, label: 'no data', short });
    const bands = [band(0, 0.1, 'narrow'), band(0.25, 0.37, 'exact'), band(0.5, 1, 'wide')];
    const text = pictureSvg({ name: 'a', title: 'a', plots: [{ height: 100, label: '', shapes: '', x: [], y: [], bands }] });
    expect([...text.matchAll(/<text x="([\d.]+)"[^>]*>(narrow|exact|wide)</g)].map(([, x, name]) => [name, Number(x)])).toEqual([
      ['exact', 0.31 * PLOT_WIDTH],
      ['wide', 0.75 * PLOT_WIDTH],
    ]);
  });

  it('have no equity curve when no backtest is chosen, or when the chosen one has no curve', () => {
    const names = (chosen: ReturnType<typeof sampleInstrument>['chosen']) =>
      symbolPictures(sampleSymbol({ instruments: [sampleInstrument({ chosen })] }))
        .map(({ name }) => name)
        .filter((name) => name.includes('equity'));
    const { chosen } = sampleInstrument();
    expect(names(chosen)).toHaveLength(1);
    expect(names(null)).toEqual([]);
    expect(chosen && names({ ...chosen, equity: [] })).toEqual([]);
  });

  it('are the same PNG bytes each time, with letters of the shipped font', () => {
    const font = { loadSystemFonts: false, fontFiles: ['src/report/pictures/dejavu-sans.ttf'], defaultFontFamily: 'DejaVu Sans' };
    const [picture] = symbolPictures(sampleSymbol());
    const png = (text: string): Buffer => new Resvg(text, { font }).render().asPng();
    const text = pictureSvg(picture);
    expect(png(text).equals(png(text))).toBe(true);
    // without its letters it is another picture: the font was found
    expect(png(text).equals(png(text.replace(/<text[^>]*>[^<]*<\/text>/g, '')))).toBe(false);
    expect(readFileSync('src/report/pictures/dejavu-sans.ttf').length).toBeLessThan(60_000);
  });
});

it('the picture of a run shows every symbol and the critical path', () => {
  const [time] = runPictures(sampleRun());
  const text = pictureSvg(time);
  expect(time.name).toBe('run-time');
  for (const { symbol } of sampleRun().symbols) expect(text).toContain(symbol);
  expect(text).toContain('class="bar-path"');
});
