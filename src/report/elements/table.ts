import { html, Markup, type Part, raw } from './html.ts';

/** One column of a table; `Row` is what its cells are made from. */
export interface Column<Row> {
  readonly head: string;
  /** Explanation of the column, on hover and focus. */
  readonly about?: string;
  /** Text left, numbers right. @default 'number' */
  readonly align?: 'text' | 'number' | 'centre';
  readonly cell: (row: Row, index: number) => Part;
  /** What the column is sorted by; without it the column has no sort button. `null` goes last either way. */
  readonly sortBy?: (row: Row) => number | string | null;
}

export interface TableOptions {
  /** Unique on the page. */
  readonly id: string;
  readonly caption: string;
  /** Show the caption; otherwise it is read aloud only. @default false */
  readonly captionShown?: boolean;
  /** What stands there instead of rows when there are none. */
  readonly empty?: string;
  readonly className?: string;
}

/** How a live page finds a row again: `<table id>:<key>`. */
export interface KeyedRows<Row> {
  readonly rowKey?: (row: Row) => string;
}

/** A table whose first column names the row. Wider than the page, it scrolls by itself. */
export const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions & KeyedRows<Row>): Markup => {
  const key = (row: Row): Part => options.rowKey !== undefined && html` data-part="${options.id}:${options.rowKey(row)}"`;
  // one stop a table: arrow keys go on to the other heads, and to cells that explain themselves
  const firstSorted = columns.findIndex(({ sortBy }) => sortBy !== undefined);
  if (rows.length === 0) return html`<p class="none">${options.empty ?? 'none'}</p>`;
  const body = rows.map(
    (row, r) => html`<tr${key(row)}>${columns.map((column, i) => bodyCell(column, row, r, i, firstSorted !== -1))}</tr>\n`,
  );
  return frame(columns, body, { ...options, firstSorted });
};

const frame = <Row>(columns: readonly Column<Row>[], body: Part, options: TableOptions & { readonly firstSorted: number }): Markup =>
  html`<div class="scroll" tabindex="0" role="group" aria-label="${options.caption}"><table class="${options.className ?? ''}">
<caption${options.captionShown !== true && html` class="spoken"`}>${options.caption}</caption>
<thead><tr>${columns.map((column, i) => headCell(column, `${options.id}-${i}`, i === options.firstSorted))}</tr></thead>
<tbody>${body}</tbody></table></div>`;

/** Numbers stand right by default, so that long tables need no class per cell. */
const alignClass = <Row>(column: Column<Row>): Part =>
  column.align !== undefined && column.align !== 'number' && html` class="${column.align}"`;

const headCell = <Row>(column: Column<Row>, id: string, isFirst: boolean): Markup => {
  const name = column.head === '' ? html`<span class="spoken">details</span>` : column.head;
  if (column.sortBy !== undefined) {
    const described = column.about === undefined ? '' : html` aria-describedby="${id}"`;
    const about = column.about === undefined ? '' : html`<span class="tip-text" role="tooltip" id="${id}">${column.about}</span>`;
    return html`<th scope="col"${alignClass(column)}><button type="button" class="sort tip-next"${described}${raw(isFirst ? '' : ' tabindex="-1"')}>${name}</button>${about}</th>`;
  }
  const content =
    column.about === undefined ? name : html`<span class="tip" tabindex="0">${name}<span class="tip-text"> ${column.about}</span></span>`;
  return html`<th scope="col"${alignClass(column)}>${content}</th>`;
};

const bodyCell = <Row>(column: Column<Row>, row: Row, r: number, i: number, byArrows: boolean): Markup => {
  const key = column.sortBy?.(row);
  const sort = key === undefined || key === null ? '' : html` data-v="${key}"`;
  const tag = i === 0 ? 'th scope="row"' : 'td';
  return html`<${rawTag(tag)}${alignClass(column)}${sort}>${byArrows ? withoutStop(column.cell(row, r)) : column.cell(row, r)}</${rawTag(i === 0 ? 'th' : 'td')}>`;
};

/** Explanations in a cell are reached by arrow keys. */
const withoutStop = (part: Part): Part =>
  part instanceof Markup && part.text.includes(' tabindex="0"') ? raw(part.text.replaceAll(' tabindex="0"', ' tabindex="-1"')) : part;

const TAGS = { 'th scope="row"': html`th scope="row"`, th: html`th`, td: html`td` } as const;
const rawTag = (tag: keyof typeof TAGS): Markup => TAGS[tag];

/** Rows of thousands: without the end tags that HTML lets one leave out, and a scope that is its first cells' anyway, they take a third less room. */
const plainTable = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions): Markup => {
  if (rows.length === 0) return table(columns, rows, options);
  const starts = columns.map((column, i) => (i === 0 ? html`<tr><th>` : html`<td${alignClass(column)}>`));
  const body = rows.map((row, r) => html`${columns.map((column, i) => html`${starts[i]}${column.cell(row, r)}`)}\n`);
  return frame(columns, body, { ...options, className: 'data', firstSorted: -1 });
};

/** A chart's data as a table, folded away. Past `limit` rows only the last ones are listed, and the summary says so. */
export const dataTable = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions & { readonly limit?: number },
): Markup => {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const shown = rows.length > limit ? rows.slice(-limit) : rows;
  const count =
    shown.length < rows.length ? `last ${shown.length} of ${rows.length} rows` : `${rows.length} row${rows.length === 1 ? '' : 's'}`;
  return html`<details><summary>${options.caption} as a table (${count})</summary>${plainTable(columns, shown, options)}</details>`;
};
