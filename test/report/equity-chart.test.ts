import { describe, expect, it } from 'vitest';
import { equityPlots } from '../../src/report/charts/equity-svg.ts';
import { chosenChart, chosenSection } from '../../src/report/symbol/equity-chart.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { AS_OF } from './sample-numbers.ts';
import { sampleInstrument, sampleSymbol } from './sample-symbol.ts';

const base = sampleInstrument();
const chosen = base.chosen as NonNullable<typeof base.chosen>;
/** A capped strategy, which earns 0.4 %, and a curve that earns 60 %. */
const flat = chosen.equity.map(({ time }, i, all) => ({ time, equity: 10_000 * (1 + (0.004 * i) / all.length) }));
const steep = chosen.equity.map(({ time }, i, all) => ({ time, equity: 10_000 * (1 + (0.6 * i) / all.length) }));
const chartOf = (more: object) => {
  const chart = chosenChart(sampleInstrument({ chosen: { ...chosen, equity: flat, ...more } }), AS_OF);
  if (chart === undefined) throw new Error('there is a chart');
  return chart;
};

/** The share of a plot's height that a path fills. */
const heightOf = (path: string): number => {
  const ups = [...path.matchAll(/(?:M[\d.-]+ |V)([\d.-]+)/g)].map((match) => Number(match[1]));
  return (Math.max(...ups) - Math.min(...ups)) / 150;
};
const pathOf = (shapes: unknown, tone: string): string => new RegExp(`class="line ${tone}" d="([^"]*)"`).exec(String(shapes))?.[1] ?? '';

describe('the chart of returns', () => {
  it('is in percent, and scaled to the strategy although another curve earns a hundred times as much', () => {
    const [returns] = equityPlots(chartOf({ hold: steep }));
    expect(returns.y.every(({ label }) => label.endsWith('%'))).toBe(true);
    expect(heightOf(pathOf(returns.shapes, 'own'))).toBeGreaterThan(0.4);
    const page = renderSymbolPage(
      sampleSymbol({ instruments: [sampleInstrument({ chosen: { ...chosen, equity: flat, hold: steep } })] }),
      null,
    );
    expect(page).toContain('buy and hold on the same terms <b>+');
    expect(page).toContain('(leaves the scale)');
  });

  it('is left out where the chosen backtest has no equity, or its row is not listed', () => {
    const shown = (more: Parameters<typeof sampleInstrument>[0]) => chosenSection(sampleInstrument(more), sampleSymbol(), 'a');
    expect(shown({ chosen: { ...chosen, equity: [] } })).toBe(false);
    expect(shown({ chosen: { ...chosen, index: 999 } })).toBe(false);
    expect(shown({ chosen: null })).toBe(false);
    expect(String(shown({ chosen }))).toContain('Return and drawdown');
  });

  it('has distinct labels, however little or much the strategy earns', () => {
    for (const earned of [1e-5, 0.001, 0.01, 0.03, 0.1, 0.15, 0.3, 2, 30]) {
      const equity = chosen.equity.map(({ time }, i, all) => ({ time, equity: 10_000 * (1 + (earned * i) / all.length) }));
      const labels = equityPlots(chartOf({ equity, hold: [] }))[0].y.map(({ label }) => label);
      expect(new Set(labels).size, `${earned}: ${labels.join(' ')}`).toBe(labels.length);
    }
  });

  it('shows buying and holding on the terms of the strategy, from the stored result', () => {
    const { others } = chartOf({ hold: flat.map(({ time, equity }) => ({ time, equity: 2 * equity - 10_000 })) });
    expect(others.map(({ name }) => name)).toEqual(['buy and hold on the same terms']);
    expect(others[0].points[0].equity).toBe(1);
    expect(chartOf({}).others.map(({ name }) => name)).toEqual(['buy and hold on the same terms']);
    expect(chartOf({ hold: [] }).others).toEqual([]);
  });

  it('states that a strategy never traded, and which indicator needs more bars than there are', () => {
    const page = (indicators: readonly object[]): string =>
      renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ chosen: { ...chosen, trades: [], indicators } as never })] }), null);
    const bars = `${chosen.equity.length} bars`;
    expect(
      page([
        { name: 'sma 10', points: [{ time: 0, price: 0.5 }] },
        { name: 'sma 30', points: [] },
      ]),
    ).toContain(`never traded: ${bars} are too few for sma 30<`);
    expect(page([])).toContain('never traded<');
  });

  it('names strategies with the same curve together instead of drawing one over the other', () => {
    const { name, others } = chartOf({
      hold: steep,
      compared: [
        { index: 0, equity: flat },
        { index: 2, equity: steep },
      ],
    });
    expect(name).toContain(' = ');
    expect(others).toHaveLength(1);
    expect(others[0].name).toMatch(/^buy and hold on the same terms = /);
  });
});
