// npm run docs: lines of at most 150 characters, links and anchors that exist, and named files, documents and headings that exist, in code too; `-- --fix` wraps
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  anchorLinks,
  anchorsOf,
  commentsOf,
  documentProblems,
  namedPaths,
  overlongLines,
  relativeLinks,
  wrapLines,
} from './set-up/markdown.mjs';
import { filesBelow, ROOT } from './set-up/project.mjs';

const fix = process.argv.includes('--fix');
const PLACES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs', 'sandbox', 'ops', 'bench', 'examples', 'src'];
const files = PLACES.filter((place) => existsSync(path.join(ROOT, place)))
  .flatMap((place) =>
    place.endsWith('.md') ? [path.join(ROOT, place)] : filesBelow(path.join(ROOT, place)).map((file) => path.join(ROOT, place, file)),
  )
  .filter((file) => file.endsWith('.md'));

const ours = new Set(
  ['src', 'test', 'scripts', 'bench', 'docs', 'ops', 'sandbox', 'examples'].flatMap((place) =>
    filesBelow(path.join(ROOT, place)).map((file) => `${place}/${file.replaceAll(path.sep, '/')}`),
  ),
);
/** Paths may leave out `src/`: `sources/source.ts`. */
function isThere(named) {
  const pattern = new RegExp(`^(?:src/)?${named.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}${named.endsWith('/') ? '' : '(?:/|$)'}`);
  return [...ours].some((file) => pattern.test(file));
}

const problems = [];
for (const file of files) {
  const name = path.relative(ROOT, file);
  const text = readFileSync(file, 'utf8');
  if (fix) writeFileSync(file, wrapLines(text));
  else for (const line of overlongLines(text)) problems.push(`${name}:${line}: longer than 150 characters; npm run docs -- --fix wraps it`);
  for (const { line, target } of relativeLinks(text)) {
    if (!existsSync(path.resolve(path.dirname(file), target))) problems.push(`${name}:${line}: the link to ${target} leads nowhere`);
  }
  for (const { line, target, anchor } of anchorLinks(text)) {
    const at = target === '' ? file : path.resolve(path.dirname(file), target);
    if (at.endsWith('.md') && existsSync(at) && !anchorsOf(readFileSync(at, 'utf8')).has(anchor))
      problems.push(`${name}:${line}: ${target || name} has no heading #${anchor}`);
  }
  for (const { line, named } of namedPaths(text)) if (!isThere(named)) problems.push(`${name}:${line}: there is no ${named}`);
}
const headings = new Map();
function headingsOf(document) {
  const at = path.join(ROOT, document);
  if (!headings.has(document)) headings.set(document, existsSync(at) ? anchorsOf(readFileSync(at, 'utf8')) : undefined);
  return headings.get(document);
}
for (const place of ['src', 'scripts', 'bench', 'sandbox', 'examples']) {
  for (const name of filesBelow(path.join(ROOT, place), (one) => /\.(?:ts|mjs|js|py|sh)$/.test(one))) {
    const [file, text] = [`${place}/${name.replaceAll(path.sep, '/')}`, readFileSync(path.join(ROOT, place, name), 'utf8')];
    problems.push(...documentProblems({ file, text }, headingsOf));
    if (place !== 'src') continue;
    for (const { line, named } of namedPaths(commentsOf(text))) if (!isThere(named)) problems.push(`${file}:${line}: there is no ${named}`);
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
