const LIMIT = 1e-9;

/** A field that both define alike: it has to agree. */
export function equal(field, ours, theirs) {
  const difference = largestDifference([ours].flat(), [theirs].flat());
  const shown = Array.isArray(ours)
    ? { ours: `${ours.length} values`, theirs: `${theirs.length} values` }
    : { ours: figure(ours), theirs: figure(theirs) };
  return { field, ...shown, difference: difference === 0 ? '0' : difference.toExponential(1), note: '', fails: !(difference <= LIMIT) };
}

/** A field that is defined differently, on purpose. */
export const differs = (field, ours, theirs, note) => ({
  field,
  ours: figure(ours),
  theirs: figure(theirs),
  difference: '',
  note,
  fails: false,
});

function largestDifference(ours, theirs) {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  return ours.reduce((largest, value, i) => {
    const expected = theirs[i] ?? Number.NaN;
    if (Number.isNaN(value) && Number.isNaN(expected)) return largest;
    const difference = value === expected ? 0 : Math.abs(value - expected) / Math.max(Math.abs(expected), 1e-12);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }, 0);
}

const figure = (value) => (typeof value === 'number' ? String(Number(value.toPrecision(12))) : String(value ?? 'null'));

/** Rows as a Markdown table. */
export const table = (rows) =>
  [
    '| field | ours | theirs | difference | why it differs |',
    '|---|---:|---:|---:|---|',
    ...rows.map(({ field, ours, theirs, difference, note }) => `| ${field} | ${ours} | ${theirs} | ${difference} | ${note} |`),
  ].join('\n');
