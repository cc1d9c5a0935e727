import { DAY_MS } from '../../contracts/words.ts';
import { type RecentPrices, sparkline } from '../charts/sparkline.ts';
import { formatAge, formatDuration, formatNumber, formatTime, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { STATE_GLYPHS, type State, stateMark, unknown } from '../elements/tip.ts';
import { ATTENTION } from '../run/task-grid.ts';
import { sitePage } from './site-page.ts';

/** A row of the index of symbols. Times are UTC epoch milliseconds. */
export interface SymbolIndexRow extends RecentPrices {
  readonly symbol: string;
  readonly title: string;
  readonly enabled: boolean;
  /** Priority of the symbol in runs: 1 goes first. */
  readonly priority: number;
  /** Address of the symbol's page; `null` without a run. */
  readonly href: string | null;
  /** State in the symbol's newest run; `null` without a run. */
  readonly state: State | null;
  /** Gaps of the last seven days, which are time that was not collected; `null` if there are none. */
  readonly gaps: { readonly gaps: number; readonly totalMs: number; readonly lastEnd: number } | null;
}

/** Number of points of a sparkline: as many as its pixels can show. */
const SPARK_POINTS = 28;

/** The index of all symbols: search, filter by state, sort. @param now UTC epoch milliseconds */
export const renderSymbolsPage = (
  rows: readonly SymbolIndexRow[],
  { now, madeBy }: { readonly now: number; readonly madeBy: string },
): string => {
  const states = [...new Set(rows.flatMap(({ state }) => state ?? []))].sort();
  return sitePage({
    title: 'Symbols · PredictLab',
    current: 'symbols',
    scripts: [FILTER_SCRIPT],
    body: html`<header><div class="over"><span class="kind">Symbols</span><h1>${plural(rows.length, 'symbol')}</h1></div>
<p class="facts"><span><b>${rows.filter(({ enabled }) => enabled).length}</b> enabled</span>${states.map((state) => html`<span>${stateMark(state)} <b>${rows.filter((row) => row.state === state).length}</b></span>`)}<span>as of <b>${formatTime(now, 'second')}</b></span></p></header>
<main><p class="controls filter"><label>search <input type="search" id="filter" autocomplete="off"></label>
<label>state <select id="states"><option value="">all</option>${states.map((state) => html`<option value="${state}">${STATE_GLYPHS[state]} ${state}</option>`)}<option value="none">no run yet</option></select></label>
<label><input type="checkbox" id="enabled"> enabled only</label><span id="shown" role="status" class="quiet"></span></p>
${table(columns(now), byAttention(rows), { id: 'symbols', className: 'symbols', caption: 'All symbols of the catalogue', empty: 'The catalogue is empty; predictlab symbols import fills it.' })}</main>`,
    footer: html`${madeBy} · times are UTC`,
  });
};

const columns = (now: number): readonly Column<SymbolIndexRow>[] => [
  { head: 'symbol', align: 'text', sortBy: ({ symbol }) => symbol, cell: nameCell },
  { head: 'state', align: 'text', about: 'State in the newest run that had it.', sortBy: attention, cell: stateCell },
  { head: 'last', about: 'Newest price of its most active market.', sortBy: ({ last }) => last?.price ?? null, cell: priceCell },
  {
    head: 'fresh',
    about: 'Time since that price.',
    sortBy: ({ last }) => last?.time ?? null,
    cell: ({ last }) => (last === null ? unknown('no ticks yet') : formatAge((now - last.time) / 1000)),
  },
  {
    head: '7 d',
    align: 'text',
    about: 'Change over seven days, for sorting.',
    sortBy: ({ spark }) => (spark.length < 2 ? null : (spark.at(-1)?.price ?? 0) - spark[0].price),
    cell: ({ symbol, spark, sparkStep }) => {
      const thin = Math.max(1, Math.ceil(spark.length / SPARK_POINTS));
      const points = spark.filter((_, i) => (spark.length - 1 - i) % thin === 0);
      return sparkline(points, { from: now - 7 * DAY_MS, to: now, step: sparkStep * thin }, `prices of ${symbol} over seven days`);
    },
  },
  {
    head: 'gaps',
    about: 'Time of the last seven days, up to the newest run, that was not collected from a market that is open.',
    sortBy: ({ gaps }) => gaps?.totalMs ?? 0,
    cell: ({ gaps }) =>
      gaps === null
        ? ''
        : html`<span class="degraded" title="${plural(gaps.gaps, 'gap')}, the last one until ${formatTime(gaps.lastEnd)}">${formatDuration(gaps.totalMs / 1000)}</span>`,
  },
  { head: 'priority', about: '1 goes first, 5 last.', sortBy: ({ priority }) => priority, cell: ({ priority }) => priority },
  { head: 'title', align: 'text', sortBy: ({ title }) => title, cell: ({ title }) => html`<span class="title">${title}</span>` },
];

const nameCell = ({ symbol, href, enabled, state }: SymbolIndexRow): Markup =>
  html`<span data-state="${state ?? 'none'}"${enabled && html` data-enabled`}>${href === null ? symbol : html`<a href="${href}">${symbol}</a>`}${!enabled && html` <span class="quiet">disabled</span>`}</span>`;

const stateCell = ({ state }: SymbolIndexRow): Markup => (state === null ? unknown('no run has had it yet') : stateMark(state));

const priceCell = ({ last }: SymbolIndexRow): Markup =>
  last === null ? unknown('no ticks yet') : html`${formatNumber(last.price, Math.abs(last.price) > 1 ? 2 : 3)}`;

const attention = ({ state }: SymbolIndexRow): number => (state === null ? 1 : ATTENTION.length + 1 - ATTENTION.indexOf(state));

const byAttention = (rows: readonly SymbolIndexRow[]): readonly SymbolIndexRow[] =>
  rows.toSorted((a, b) => attention(b) - attention(a) || (a.symbol < b.symbol ? -1 : 1));

/** Page script: shows the rows whose text contains every word of the search field and that have the chosen state. */
const FILTER_SCRIPT = `(()=>{
const text=document.getElementById('filter'),state=document.getElementById('states'),enabled=document.getElementById('enabled'),shown=document.getElementById('shown');
const rows=[...document.querySelectorAll('table.symbols tbody tr')].map((row)=>{
  const name=row.querySelector('[data-state]'),title=row.querySelector('.title');
  return{row,text:(name.textContent+' '+title.textContent).toLowerCase(),state:name.dataset.state,enabled:name.dataset.enabled!==undefined};
});
const apply=()=>{
  const words=text.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count=0;
  for(const one of rows){
    const fits=(state.value===''||one.state===state.value)&&(!enabled.checked||one.enabled)&&words.every((word)=>one.text.includes(word));
    if(one.row.hidden===fits)one.row.hidden=!fits;
    if(fits)count++;
  }
  shown.textContent=count===rows.length?'':count+' of '+rows.length;
};
for(const one of [text,state,enabled])one.addEventListener('input',apply);
apply();
})();`;
