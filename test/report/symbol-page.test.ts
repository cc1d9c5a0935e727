import { describe, expect, it } from 'vitest';
import { METRIC_NAMES } from '../../src/backtest/metrics/measured.ts';
import { INTERVALS } from '../../src/contracts/words.ts';
import type { BasisPoint } from '../../src/market/twin-basis.ts';
import { shownRange } from '../../src/report/charts/shown-range.ts';
import { basisPlot } from '../../src/report/symbol/instrument-section.ts';
import { METRIC_COLUMNS } from '../../src/report/symbol/strategy-table.ts';
import type { BacktestRow, ShortMarket } from '../../src/report/symbol/symbol-data.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { AS_OF, DAY, HOUR } from './sample-numbers.ts';
import { sampleBacktests, sampleInstrument, sampleSeries, sampleSymbol, sampleWalkForwards } from './sample-symbol.ts';

const LIBRARY = 'window.LightweightCharts=undefined';
const EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'';

describe('the page of a symbol', () => {
  const page = renderSymbolPage(sampleSymbol(), LIBRARY);

  it('is complete without scripts: a static picture, a legend and a table for every interval', () => {
    const bare = renderSymbolPage(sampleSymbol(), null);
    expect(bare.match(/candles of (1h|4h|1d) from/g)).toHaveLength(3);
    expect(bare).toContain('Candles 1h as a table');
    expect(bare).not.toContain('LightweightCharts');
  });

  it('contains the chart library once, with the notice that its licence requires', () => {
    const three = renderSymbolPage(sampleSymbol({ instruments: [1, 2, 3].map(() => sampleInstrument()), instrumentCount: 3 }), LIBRARY);
    expect(three.split(LIBRARY)).toHaveLength(2);
    expect(three).toContain('TradingView Lightweight Charts™');
    expect(three).toContain('href="https://www.tradingview.com/"');
  });

  it('hatches the range that was not collected, and states the times', () => {
    expect(page).toContain('not collected 2026-11-21 10:00–22:00Z');
  });

  it('notes next to the coverage that an open instrument has been quiet for unusually long', () => {
    const quality = sampleInstrument().quality;
    const quiet = { kind: 'price', since: AS_OF - 30.5 * HOUR, length: 30.5 * HOUR, usual: 2 * HOUR } as const;
    const silent = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ quality: { ...quality, quiet } })] }), null);
    expect(silent).toMatch(/<dt>coverage<\/dt><dd>.*92\.3.*<span class="quiet">· .*no price point for 30 h, unusually long/);
    expect(silent).toContain('quiet, not a gap; its pauses of the last 30 days are rarely longer than 2 h');
    expect(page).not.toContain('unusually long');
  });

  it('has a column for every metric of a backtest, and a reason for every undefined one', () => {
    expect(METRIC_COLUMNS.map((metric) => metric.key).toSorted()).toEqual([...METRIC_NAMES].toSorted());
    expect(page).toContain('the market is not resolved');
    expect(page).toContain('no trade was made');
    expect(page.match(/class="dash">–<\/span><span class="tip-text">\s*\S/g)?.length).toBe(page.match(/class="dash"/g)?.length);
  });

  it('neither shows nor ranks a weak number: it has one sentence with the reason, and no best strategy', () => {
    const why = '7 daily returns, fewer than 30';
    const backtests = sampleBacktests().map((row) => ({ ...row, metrics: { ...row.metrics, sharpe: 987_654 }, weak: { sharpe: why } }));
    const weak = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ backtests, bestSharpe: null })] }), null);
    expect(weak).not.toMatch(/987.654/);
    expect(weak.match(new RegExp(why, 'g'))).toEqual([why]);
    expect(weak).toContain(`not shown: sharpe (${why})`);
    expect(weak).toContain('the first one, since none has a Sharpe ratio that rests on enough');
    expect(weak).not.toContain('drawn in the charts: the highest Sharpe ratio');
  });

  it('marks strategies that failed, with each reason once and as text', () => {
    const [one, ...rest] = sampleBacktests();
    const failed = (strategy: string, because: string): BacktestRow => ({
      ...one,
      strategy,
      interval: '4h',
      failed: because,
      metrics: Object.fromEntries(Object.keys(one.metrics).map((name) => [name, null])),
      undefined: Object.fromEntries(Object.keys(one.metrics).map((name) => [name, because])),
      proof: null,
    });
    const twice = [failed('own', `own: ${EVIL}`), failed('own', `own: ${EVIL}`)];
    const others = Array.from({ length: 6 }, (_, i) => failed(`s${i}`, `s${i} threw`));
    const html = renderSymbolPage(
      sampleSymbol({ instruments: [sampleInstrument({ backtests: [one, ...twice, ...others, ...rest] })] }),
      null,
    );
    // in the open table and in the folded one
    expect(html.match(/✕ failed<\/span>/g)).toHaveLength(16);
    expect(html.match(/<p class="failed">/g)).toHaveLength(5);
    expect(html).toContain('<p class="failed">✕ 4h: own: &lt;script&gt;');
    expect(html).toContain('<p class="quiet">and 2 more</p>');
    expect(html).not.toContain(EVIL);
  });

  it('keeps the sixty best of many trials and the chosen trial, and states how many there are', () => {
    const trial = (i: number): BacktestRow => {
      const [row] = sampleBacktests();
      return { ...row, strategy: `trial-${i}`, metrics: { ...row.metrics, sharpe: i % 10 === 0 ? null : i / 100 } };
    };
    const backtests = Array.from({ length: 100 }, (_, i) => trial(i));
    const chosen = { ...(sampleInstrument().chosen as NonNullable<ReturnType<typeof sampleInstrument>['chosen']>), index: 3 };
    const text = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ backtests, chosen })] }), null);
    const first = /class="strategies[\s\S]*?<\/table>/.exec(text)?.[0] ?? '';
    const shown = [...new Set([...first.matchAll(/trial-(\d+)/g)].map(([, i]) => Number(i)))];
    expect(shown).toHaveLength(60);
    expect(shown).toEqual(expect.arrayContaining([3, 99, 98, 51]));
    expect(shown.filter((i) => i % 10 === 0)).toEqual([]);
    expect(text).toContain('the 60 best of 100 trials by Sharpe ratio');
  });

  it('shows a Sharpe ratio with its standard error', () => {
    const backtests = sampleBacktests().map((row) => ({ ...row, metrics: { ...row.metrics, sharpe: 1.4 }, sharpeError: 1.13 }));
    expect(renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ backtests })] }), null)).toMatch(/1\.40 .{0,30}± 1\.13/);
  });

  it('neither shows nor ranks a skill that is measured on a single outcome', () => {
    const because = '1 outcome, fewer than 10';
    const benchmark = { holdReturn: 0.1, skill: 0.987, undefined: {}, weak: { skill: because } };
    const page = (rows: BacktestRow[]) => renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ backtests: rows })] }), null);
    const weak = page(sampleBacktests().map((row) => ({ ...row, benchmark })));
    expect(weak).toContain(because);
    expect(weak).not.toContain('0.987');
    expect(page(sampleBacktests().map((row) => ({ ...row, benchmark: { ...benchmark, weak: {} } })))).toContain('0.987');
  });

  it('draws walk-forwards grey in sample and solid out of sample, with deflated Sharpe ratio and PBO, and a dash for weak figures', () => {
    const walked = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ walkForwards: sampleWalkForwards() })] }), null);
    expect(walked).toContain('Out of sample: picked on 20 days, traded on the 5 days after');
    expect(walked.match(/class="line in-sample" d="M/g)).toHaveLength(6 + 1);
    expect(walked).toContain('out of sample from 1 to 1.06 over 6 tests');
    for (const text of ['deflated Sharpe', 'PBO', '0.71', '38', '5 daily returns, fewer than 30', 'the candles span 12 days'])
      expect(walked).toContain(text);
    // weak: not shown
    expect(walked).not.toContain('9.87');
    const because = '50 daily returns, fewer than 30 in each half';
    const few = sampleWalkForwards().map((one) => ({ ...one, weak: { overfitting: because } }));
    const doubtful = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ walkForwards: few })] }), null);
    expect(walked).toMatch(/>38\s?%</);
    expect(doubtful).not.toMatch(/>38\s?%</);
    expect(doubtful).toContain(because);
    const failed = [{ strategy: 'kelly', params: {}, because: "strategy 'kelly' at bar 480: no book" }];
    const lacking = sampleWalkForwards().map((one) => ({ ...one, failed }));
    const without = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ walkForwards: lacking })] }), null);
    expect(without).toMatch(/6 <span class="quiet">1 failed<\/span>[\s\S]*at bar 480: no book/);
    expect(walked).not.toContain('1 failed');
    expect(renderSymbolPage(sampleSymbol(), null)).not.toContain('Out of sample');
    expect(walked.replace(/<script>[\s\S]*?<\/script>/g, '')).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('shows the verdict of the look-ahead proof, and warns when a strategy saw the future', () => {
    expect(page).toContain('0 of 1\u202f312 decisions changed');
    const cheating = sampleBacktests().map((row) => ({ ...row, proof: { changed: 3, decisions: 164 } }));
    const caught = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ backtests: cheating })] }), null);
    expect(caught).toContain('do not trust these results');
  });

  it('shows no weak probability of overfitting', () => {
    const because = '25 daily returns, fewer than 30 in each half';
    const few = sampleBacktests().map((row) => ({ ...row, weak: { overfitting: because } }));
    const doubtful = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ backtests: few })] }), null);
    // each interval has a probability of its own
    expect(page).toMatch(/overfitting on 1h: .*31\s?%/);
    expect(doubtful).not.toMatch(/overfitting on 1h: .*31\s?%/);
    expect(doubtful).toContain(because);
  });

  it('marks the settlement of a resolved market', () => {
    const resolution = { kind: 'settled', payout: 1, at: AS_OF - 5 * HOUR } as const;
    const settled = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ resolution, closed: true })] }), null);
    expect(settled).toContain('settled at 1 on 2026-11-24 03:00Z');
  });

  it('shows hostile titles, ids and reasons as text', () => {
    const hostile = renderSymbolPage(
      sampleSymbol({
        title: EVIL,
        instruments: [
          sampleInstrument({
            title: EVIL,
            id: EVIL,
            reference: 'javascript:alert(1)',
            outcomes: [EVIL, EVIL],
            resolution: { kind: 'unresolved', reason: EVIL },
            backtests: sampleBacktests().map((row) => ({ ...row, strategy: EVIL, params: EVIL, undefined: { brier: EVIL } })),
          }),
        ],
        others: [{ ...sampleInstrument(), title: EVIL, id: EVIL }],
        instrumentCount: 2,
      }),
      LIBRARY,
    );
    expect(hostile).not.toContain('<script>alert');
    expect(hostile).not.toContain('<img');
    expect(hostile).not.toContain('href="javascript');
  });

  it('names the sources whose data is missing, with the reasons', () => {
    const page = renderSymbolPage(sampleSymbol({ missingSources: { predict: `predict answered 403: ${EVIL}` } }), LIBRARY);
    expect(page).toContain('data of <b>predict</b> is missing from this run: predict answered 403');
    expect(page).not.toContain('<script>alert');
    expect(renderSymbolPage(sampleSymbol(), LIBRARY)).not.toContain('is missing from this run');
  });

  it('states how much of the coverage a second look confirmed, and why a short market has no backtest', () => {
    expect(renderSymbolPage(sampleSymbol({ secondLook: { marketHours: 48, confirmed: 46 } }), null)).toMatch(
      /confirmed by a second look: <b>46<\/b> of 48 market-hours/,
    );
    const hour = { opensAt: AS_OF - HOUR, closesAt: AS_OF };
    const [one] = sampleSeries('1h', 1).candles;
    const series = [{ interval: '1h' as const, candles: [one], total: 1 }];
    const short = renderSymbolPage(
      sampleSymbol({ instruments: [sampleInstrument({ ...hour, series, backtests: [], chosen: null })] }),
      null,
    );
    expect(short).toContain('no backtest: 1 candle of 1h is too few for a market of 1 h; the next run adds 5m');
    const minutes = sampleInstrument({ opensAt: AS_OF - 5 * 60_000, closesAt: AS_OF, endsAt: AS_OF, series, backtests: [], chosen: null });
    expect(renderSymbolPage(sampleSymbol({ instruments: [minutes] }), null)).toContain(
      'and a market of 5 m is too short for 12 candles of any interval',
    );
    const added = sampleInstrument({ ...hour, added: '5m', series: [sampleSeries('5m', 1)] });
    expect(renderSymbolPage(sampleSymbol({ instruments: [added] }), null)).toContain('5m was added since the market lives 1 h');
  });

  it('states what to do when no instrument matched', () => {
    expect(renderSymbolPage(sampleSymbol({ instruments: [], instrumentCount: 0 }), LIBRARY)).toContain('predictlab symbols show BTC_PRICE');
  });

  it('shows an instrument that has no data yet', () => {
    const empty = sampleInstrument({
      series: [],
      backtests: [],
      chosen: null,
      last: null,
      gaps: [],
      ticks: 0,
      priceType: null,
      twins: [],
      book: null,
      quality: { coverage: null, quiet: null, quarantined: [], quarantineTimes: [], duplicates: null },
    });
    const page = renderSymbolPage(sampleSymbol({ instruments: [empty] }), LIBRARY);
    expect(page).toContain('no candles yet');
    expect(page).toContain('nothing of this instrument was collected yet');
    expect(page.replace(/<script>[\s\S]*?<\/script>/g, '')).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('draws the price difference to a twin bar by bar, with the rest after costs and a table of all bars', () => {
    const point = (hour: number, difference: number, buy: number | null): BasisPoint => {
      const sell = buy === null ? null : -0.05;
      return { time: AS_OF - (5 - hour) * 3_600_000, price: 0.6, twinPrice: 0.6 - difference, difference, buy, sell };
    };
    // no bar is complete at both at hour 3
    const basis = { interval: '1h' as const, points: [point(1, 0.02, null), point(2, 0.03, -0.01), point(4, -0.04, 0.0125)] };
    const twin = { id: 'kalshi:KX', source: 'kalshi', last: null, basis };
    const page = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ twins: [twin] })] }), null);
    expect(page).toContain('Basis to kalshi on 1h');
    expect(page).toContain('<b>−0.0400</b>');
    expect(page).toContain('<b>+0.0125</b> (buy at polymarket, sell at kalshi)');
    const { shapes } = basisPlot(basis);
    const drawn = [...String(shapes).matchAll(/d="([^"]*)"/g)].map(([, path]) => path.match(/M/g)?.length ?? 0);
    expect(drawn, 'a dash per bar, none where a book is missing').toEqual([2, 3]);
    expect(page).toContain('predictlab export basis --symbol BTC_PRICE --interval 1h');
    const without = { ...twin, basis: { ...basis, points: [] } };
    const bare = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ twins: [without] })] }), null);
    expect(bare).not.toContain('Basis to kalshi');
  });

  it('draws short markets with their last price, and marks what the settled ones paid', () => {
    const market = (id: string, resolution: ShortMarket['resolution'], path: ShortMarket['path']): ShortMarket => ({
      id,
      title: '',
      opensAt: AS_OF - 2 * HOUR,
      closesAt: AS_OF - HOUR,
      resolution,
      path,
    });
    const path = [{ time: AS_OF - 1.5 * HOUR, price: 0.614 }];
    const settled = (payout: number) => ({ kind: 'settled', payout }) as ShortMarket['resolution'];
    const markets = [market('up', settled(1), path), market('down', settled(0), path), market('open', { kind: 'open' }, [])];
    const page = renderSymbolPage(sampleSymbol({ shortMarkets: markets }), null);
    const item = (id: string): string => page.slice(page.indexOf(`<li title="${id}: `)).split('</li>')[0] ?? '';
    expect(item('up')).toMatch(/^<li title="up: last 0\.614, paid 1">.*<b>0\.61<\/b> <span class="up">●<\/span>$/);
    expect(item('down')).toMatch(/^<li title="down: last 0\.614, paid 0">.*<b>0\.61<\/b> <span class="down">○<\/span>$/);
    expect(item('open')).toMatch(/^<li title="open: no trades">.*<b>–<\/b>$/);
  });

  it('lists the instruments that are not drawn', () => {
    const other = { ...sampleInstrument(), title: 'Bitcoin above $110k' };
    const page = renderSymbolPage(sampleSymbol({ others: [other], instrumentCount: 300 }), null);
    expect(page).toContain('The most active of 300 instruments is drawn in full below. 298 less active ones are not listed');
  });

  it('states when it has only the last candles', () => {
    const long = { ...sampleSeries('1h', 1), total: 4000 };
    const page = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ series: [long] })] }), null);
    expect(page).toContain(`last ${long.candles.length} candles of 4\u202f000`);
    expect(page).toContain('predictlab export candles --symbol BTC_PRICE --interval 1h');
  });

  it('shows no volume when ticks have no size', () => {
    const points = sampleSeries('1h', 1);
    const series = [{ ...points, candles: points.candles.map((candle) => ({ ...candle, volume: null })) }];
    const page = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ series, priceType: 'price' })] }), null);
    expect(page).toContain('candles of price points');
    expect(page).not.toContain('<path class="volume"');
    expect(page).not.toMatch(/close [\d.]+ {2}volume/);
  });

  it('writes the prices of an asset with enough decimals to distinguish them', () => {
    const asset = (price: number) => {
      const candles = sampleSeries('1h', 1).candles.map((candle) => ({
        ...candle,
        open: price,
        high: price * 1.1,
        low: price * 0.9,
        close: price,
      }));
      const instrument = sampleInstrument({
        market: 'asset',
        last: { time: AS_OF, price },
        twins: [],
        book: null,
        chosen: null,
        series: [{ interval: '1h', candles, total: 1 }],
      });
      return /close ([\d.\u202f]+)/.exec(renderSymbolPage(sampleSymbol({ instruments: [instrument] }), null))?.[1];
    };
    expect([asset(63_402.17), asset(41.074), asset(0.00023174)]).toEqual(['63\u202f402', '41.07', '0.0002317']);
  });

  it('stays readable and small with thousands of gaps and trades', () => {
    const gaps = Array.from({ length: 5000 }, (_, i) => ({
      from: AS_OF - 7 * DAY + i * 120_000,
      to: AS_OF - 7 * DAY + i * 120_000 + 30_000,
    }));
    const base = sampleInstrument();
    const trade = base.chosen?.trades[0] as NonNullable<typeof base.chosen>['trades'][number];
    const chosen = { ...base.chosen, trades: Array.from({ length: 20_000 }, () => trade) } as typeof base.chosen;
    const page = renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ gaps, chosen })] }), null);
    expect(page.length).toBeLessThan(1_500_000);
    expect(page).toContain('last 500 entries and exits of the chosen strategy');
    expect(page).toContain('5\u202f000, 1 d in all');
  });

  it('stays below a megabyte with 5,000 candles', () => {
    const { candles } = sampleSeries('5m', 1, AS_OF - 5_000 * 300_000);
    expect(candles.length).toBeGreaterThan(4_500);
    const series = [{ interval: '5m' as const, candles, total: candles.length }];
    const bytes = Buffer.byteLength(renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ series })] }), null));
    expect(bytes).toBeLessThan(1_000_000 * (candles.length / 5_000));
  });

  it('stays below two megabytes with every interval and the maximum number of candles', () => {
    const series = INTERVALS.map((interval, i) => {
      const full = sampleSeries('1h', i, AS_OF - 22 * DAY).candles;
      return { interval, candles: full, total: full.length };
    });
    expect(renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ series })] }), null).length).toBeLessThan(2_000_000);
  });
});

describe('the range of a chart', () => {
  const section = sampleInstrument({ gaps: [] });

  it('extends from the first candle to asOf, at the edges of candles', () => {
    const series = sampleSeries('1h', 1);
    expect(shownRange(section, series, AS_OF + 1)).toEqual({ from: series.candles[0]?.openTime, to: AS_OF + HOUR });
  });

  it('starts weeks on Mondays', () => {
    const monday = Date.parse('2026-11-16T00:00:00Z');
    const candle = { ...sampleSeries('1h', 1).candles[0], openTime: monday } as never;
    const range = shownRange(section, { interval: '1w', candles: [candle], total: 1 }, AS_OF);
    expect(new Date(range.from).getUTCDay()).toBe(1);
    expect(new Date(range.to).getUTCDay()).toBe(1);
  });

  it('ends when a market was settled', () => {
    const series = { ...sampleSeries('1h', 1), candles: sampleSeries('1h', 1).candles.slice(0, 20) };
    const last = series.candles.at(-1)?.openTime ?? 0;
    const settled = sampleInstrument({ gaps: [], closed: true, resolution: { kind: 'settled', payout: 0, at: last + 3 * HOUR } });
    expect(shownRange(settled, series, AS_OF).to).toBe(last + 3 * HOUR);
  });

  it('keeps the candles of a market that closed thousands of buckets ago', () => {
    const candles = sampleSeries('1m', 1, AS_OF - 20 * DAY).candles.slice(0, 60);
    const range = shownRange(section, { interval: '1m', candles, total: 60 }, AS_OF);
    expect(range.from).toBeLessThanOrEqual(candles[0]?.openTime ?? 0);
    expect(range.to).toBeGreaterThan(candles.at(-1)?.openTime ?? 0);
  });

  it('is at most a thousand buckets long', () => {
    const series = sampleSeries('1m', 1, AS_OF - 2 * DAY);
    const range = shownRange(section, series, AS_OF);
    expect((range.to - range.from) / 60_000).toBe(1000);
  });
});

describe('the interval that a page shows first', () => {
  const checked = (page: string): string | undefined => /id="i0-interval-(\d)" checked/.exec(page)?.[1];

  it('is the shortest one that can be read', () => {
    const week = [sampleSeries('1h', 1), sampleSeries('4h', 1)];
    const months = [sampleSeries('1h', 1, AS_OF - 60 * DAY), sampleSeries('4h', 1, AS_OF - 60 * DAY)];
    const page = (series: typeof week) => renderSymbolPage(sampleSymbol({ instruments: [sampleInstrument({ series, gaps: [] })] }), null);
    expect([checked(page(week)), checked(page(months))]).toEqual(['0', '1']);
  });
});
