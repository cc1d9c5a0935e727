/** Longest line of a document, in characters. Tables and code cannot be wrapped and may be longer. */
export const MAX_LINE = 150;

/** Each line with its number from 1, and whether it is prose: neither in a code fence nor a row of a table. */
function* linesOf(text) {
  let fenced = false;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*(```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    yield { number: index + 1, line, prose: !fence && !fenced && !/^\s*\|/.test(line) };
  }
}

/** Numbers of the lines that are too long. */
export const overlongLines = (text) =>
  [...linesOf(text)].filter(({ line, prose }) => prose && line.length > MAX_LINE).map(({ number }) => number);

/** The same text with every paragraph that has a line that is too long wrapped, its indent kept. What a renderer shows stays the same. */
export function wrapLines(text) {
  const lines = [...linesOf(text)];
  const out = [];
  for (let i = 0; i < lines.length; i++) {
    let { line } = lines[i];
    if (lines[i].prose && line.length > MAX_LINE) {
      while (i + 1 < lines.length && continues(lines[i].line, lines[i + 1])) line = `${line} ${lines[++i].line.trim()}`;
      line = wrapped(line);
    }
    out.push(line);
  }
  return out.join('\n');
}

/** Whether a line continues the paragraph of the line before: it is not a list item, heading, quote or blank line, and no break comes between. */
const continues = (before, { line, prose }) => prose && !/( {2}|\\)$/.test(before) && !/^\s*([-*+>#|]|\d+\.|$)/.test(line);

function wrapped(line) {
  const [, lead, mark] = /^([\s>]*)((?:[-*]|\d+\.)\s+)?/.exec(line);
  const indent = lead + ' '.repeat(mark?.length ?? 0);
  const lines = [];
  let rest = line;
  while (rest.length > MAX_LINE) {
    const at = breakingPlace(rest, indent.length);
    if (at < 0) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = indent + rest.slice(at).trimStart();
  }
  return [...lines, rest].join('\n');
}

/** The last space before the limit that is outside inline code and does not start a list or heading on the next line. */
function breakingPlace(line, indent) {
  const codes = [...line.matchAll(/`[^`]*`/g)].map(({ 0: code, index }) => [index, index + code.length]);
  for (let at = MAX_LINE; at > indent; at--) {
    if (line[at] !== ' ' || codes.some(([from, to]) => from < at && at < to)) continue;
    if (!/^ +([-*+>#|]|\d+\.)(\s|$)/.test(line.slice(at))) return at;
  }
  return -1;
}

/** Links and pictures to files of the project, without what follows `#`. */
export const relativeLinks = (text) =>
  [...linesOf(text)]
    .filter(({ prose, line }) => prose || /^\s*\|/.test(line))
    .flatMap(({ number, line }) =>
      [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
        .filter(([, target]) => !/^[a-z]+:/.test(target))
        .map(([, target]) => ({ line: number, target })),
    );

/** Links to a heading, with the file they lead to (empty: the same file): `[x](storage.md#coverage)`, `[x](#start)`. */
export const anchorLinks = (text) =>
  [...linesOf(text)]
    .filter(({ prose, line }) => prose || /^\s*\|/.test(line))
    .flatMap(({ number, line }) =>
      [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)]
        .filter(([, target]) => !/^[a-z]+:/.test(target))
        .map(([, target, anchor]) => ({ line: number, target, anchor })),
    );

/** The anchors of a document's headings, as GitHub makes them: a repeated one gets `-1`, `-2`. */
export function anchorsOf(text) {
  const seen = new Map();
  return new Set(
    [...linesOf(text)]
      .filter(({ prose, line }) => prose && /^#{1,6} /.test(line))
      .map(({ line }) => {
        const words = line
          .replace(/^#+ /, '')
          .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
          .trim()
          .toLowerCase();
        const anchor = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
        const count = seen.get(anchor) ?? 0;
        seen.set(anchor, count + 1);
        return count === 0 ? anchor : `${anchor}-${count}`;
      }),
  );
}

/** Whether inline code can be the path of a file or folder of the project: `src/ui/`, `sources/source.ts`, `test/faults/*.test.ts`. */
const PATH_OF_OURS = /^(?:(?:src|test|scripts|bench|docs|ops|sandbox|examples)\/[\w./*-]*|[a-z][\w-]*(?:\/[\w*-]+)+\.(?:ts|mjs|sql))$/;

/** Files and folders of the project that inline code names. A `*` stands for any part of a name. */
export const namedPaths = (text) =>
  [...linesOf(text)]
    .filter(({ prose, line }) => prose || /^\s*\|/.test(line))
    .flatMap(({ number, line }) =>
      [...line.matchAll(/`([^`]+)`/g)].filter(([, code]) => PATH_OF_OURS.test(code)).map(([, named]) => ({ line: number, named })),
    );

/** Documents that a text names from the project's folder, in prose, code or a link: `docs/backtest.md`, `docs/backtest.md#strategies`. */
const NAMED_DOCUMENT =
  /(?<![\w/.-])(?:(?:\.\.?\/)+)?((?:(?:docs|sandbox|ops|bench|examples)\/)(?:[\w-]+\/)*[\w-]+\.md)(?:#([\p{L}\p{N}_-]+))?/gu;

/**
 * What is wrong with the documents that a program names: missing documents and missing headings.
 *
 * @param headingsOf returns the anchors of a document's headings, or undefined where it does not exist
 */
export const documentProblems = ({ file, text }, headingsOf) =>
  text.split('\n').flatMap((line, index) =>
    [...line.matchAll(NAMED_DOCUMENT)].flatMap(([, target, anchor]) => {
      const headings = headingsOf(target);
      if (headings === undefined) return [`${file}:${index + 1}: there is no ${target}`];
      return anchor === undefined || headings.has(anchor) ? [] : [`${file}:${index + 1}: ${target} has no heading #${anchor}`];
    }),
  );

/** The comments of a program, each line where it was. */
export const commentsOf = (code) =>
  code
    .split('\n')
    .map((line) => (/^\s*(\/\/|\/\*|\*)/.test(line) ? line : ''))
    .join('\n');
