import { describe, expect, it } from 'vitest';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { sampleBacktests, sampleInstrument, sampleSymbol, sampleWalkForwards } from './sample-symbol.ts';

/** Two of an instrument's three intervals are not shown: a folded table each, and no stop of their own among the choices. */
const HIDDEN = 4;

/** Elements that the tab key stops at, as the text says; what is folded away is none. */
const stopsOf = (text: string): number => {
  const page = text.replace(/<\/summary>[\s\S]*?<\/details>/g, '</summary></details>');
  return (page.match(/tabindex="0"/g) ?? []).length + (page.match(/<(a href|button|input|summary)(?![^>]*tabindex="-1")/g) ?? []).length;
};

describe('the page of a symbol', () => {
  it('has at most 100 tab stops, however many strategies its six instruments have', () => {
    const many = Array.from({ length: 60 }, (_, i) => sampleBacktests()[i % sampleBacktests().length]);
    const instruments = Array.from({ length: 6 }, (_, i) =>
      sampleInstrument({ id: `polymarket:${i}`, backtests: many, walkForwards: sampleWalkForwards() }),
    );
    expect(stopsOf(renderSymbolPage(sampleSymbol({ instruments, instrumentCount: 6 }), null)) - 6 * HIDDEN).toBeLessThanOrEqual(100);
    expect(stopsOf(renderSymbolPage(sampleSymbol(), null))).toBeLessThanOrEqual(40);
  });

  it('has three more for an instrument that was walked through, however many windows are weak', () => {
    const stops = (...more: Parameters<typeof sampleInstrument>): number =>
      stopsOf(renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument(...more)] }), null));
    expect(stops({ walkForwards: sampleWalkForwards() }) - stops()).toBe(3);
  });
});
