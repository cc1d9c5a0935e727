import { html, Markup, type Part, raw } from './html.ts';

export interface Column<Row> {
  readonly head: string;
  /** Explanation of the column, on hover and focus. */
  readonly about?: string;
  /** Alignment of the cells: text left, numbers right. @default 'number' */
  readonly align?: 'text' | 'number' | 'centre';
  readonly cell: (row: Row, index: number) => Part;
  /** Sort key; without it the column has no sort button. `null` sorts last in both directions. */
  readonly sortBy?: (row: Row) => number | string | null;
}

export interface TableOptions {
  /** Id of the table, unique on the page. */
  readonly id: string;
  readonly caption: string;
  /** Text that is shown instead of the table if there are no rows. @default 'none' */
  readonly empty?: string;
  readonly className?: string;
}

/** Keys by which a live page finds a row: `<table id>:<key>`. */
export interface KeyedRows<Row> {
  readonly rowKey?: (row: Row) => string;
}

/** Renders a table whose first column names the row. A table wider than the page scrolls inside its own frame. */
export const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions & KeyedRows<Row>): Markup => {
  const key = (row: Row): Part => options.rowKey !== undefined && html` data-part="${options.id}:${options.rowKey(row)}"`;
  // One tab stop per table: arrow keys reach the other heads, and cells with explanations.
  const firstSorted = columns.findIndex(({ sortBy }) => sortBy !== undefined);
  if (rows.length === 0) return html`<p class="none">${options.empty ?? 'none'}</p>`;
  const body = rows.map(
    (row, r) => html`<tr${key(row)}>${columns.map((column, i) => bodyCell(column, row, r, i, firstSorted !== -1))}</tr>\n`,
  );
  return frame(columns, body, { ...options, firstSorted });
};

const frame = <Row>(columns: readonly Column<Row>[], body: Part, options: TableOptions & { readonly firstSorted: number }): Markup =>
  html`<div class="scroll" tabindex="0" role="group" aria-label="${options.caption}"><table class="${options.className ?? ''}">
<caption class="spoken">${options.caption}</caption>
<thead><tr>${columns.map((column, i) => headCell(column, `${options.id}-${i}`, i === options.firstSorted))}</tr></thead>
<tbody>${body}</tbody></table></div>`;

/** Numbers need no class, which keeps long tables short. */
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

/** Takes explanations out of the tab order, since arrow keys reach them. */
const withoutStop = (part: Part): Part =>
  part instanceof Markup && part.text.includes(' tabindex="0"') ? raw(part.text.replaceAll(' tabindex="0"', ' tabindex="-1"')) : part;

const TAGS = { 'th scope="row"': html`th scope="row"`, th: html`th`, td: html`td` } as const;
const rawTag = (tag: keyof typeof TAGS): Markup => TAGS[tag];

/** A table for thousands of rows, whose HTML is a third shorter: without optional end tags and `scope` attributes. */
const plainTable = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions): Markup => {
  if (rows.length === 0) return table(columns, rows, options);
  const starts = columns.map((column, i) => (i === 0 ? html`<tr><th>` : html`<td${alignClass(column)}>`));
  const body = rows.map((row, r) => html`${columns.map((column, i) => html`${starts[i]}${column.cell(row, r)}`)}\n`);
  return frame(columns, body, { ...options, className: 'data', firstSorted: -1 });
};

/** A chart's data as a folded table. Past `limit` rows only the last ones are listed, and the summary says so. */
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
