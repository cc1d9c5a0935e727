import path from 'node:path';
import { parseSync } from 'oxc-parser';

/** Longest file of src, in lines: past that it holds two concepts. */
const MAX_LINES = 300;
/** Rooms that take time and data as arguments: the same input gives the same answer, today and in a replay. */
const PURE = ['backtest', 'contracts', 'incidents/rule', 'input', 'market', 'report', 'scheduling'];
/** Where a program may write to its terminal: the command line, a plugin's own output, and the log without a logger. */
const PRINTING = ['src/cli/', 'src/plugins/plugin-prints.ts', 'src/set-up/plain-log.ts'];
const CHANCE = new Set(['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues']);
/** Objects that lead to the clock or to chance, each with the members that do not. */
const CLOCKS = { Date: ['UTC', 'parse'], performance: [], crypto: [] };

/** A parsed file: `{ file, text, program, comments }` with `file` as `src/market/decimal.ts`. */
export function parsed({ file, text }) {
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  return { file, text, program, comments };
}

const lineAt = (text, at) => text.slice(0, at).split('\n').length;

/** Where code may name a venue: its own folder, the samples of the catalogue, and the words of stored fee schedules. */
const NAMING_VENUES = ['src/sources/', 'src/storage/markets/first-catalogue.ts', 'src/contracts/fee-models.ts'];
const VENUE_NAME = /polymarket|predict\.?fun|kalshi|['"`]predict['"`:]/i;

/** Names of venues outside the places where they belong. */
export function venueProblems({ file, text }) {
  if (NAMING_VENUES.some((place) => file.startsWith(place))) return [];
  return text.split('\n').flatMap((line, index) => {
    const [name] = VENUE_NAME.exec(line) ?? [];
    return name === undefined ? [] : [`${file}:${index + 1} names a venue (${name}); make it a fact of the venue, in src/sources`];
  });
}

/** Calls `look` with every node below, the outermost first. */
function visit(node, look) {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const one of node) visit(one, look);
    return;
  }
  if (typeof node.type !== 'string') return;
  look(node);
  for (const [key, child] of Object.entries(node)) if (key !== 'parent') visit(child, look);
}

/** Reads of the clock and of chance in a pure room, under whatever name. */
export function clockProblems({ file, text, program }) {
  if (!PURE.some((room) => file.startsWith(`src/${room}/`))) return [];
  const fine = new Set();
  const found = [];
  visit(program, (node) => {
    const { type, object, property, computed, callee, imported, name } = node;
    if (type === 'NewExpression' && callee.name === 'Date' && node.arguments.length > 0) fine.add(callee);
    if (type === 'BinaryExpression' && node.operator === 'instanceof') fine.add(node.right);
    if (type === 'TSTypeReference') fine.add(node.typeName);
    if ((type === 'Property' || type === 'TSPropertySignature') && !computed && !node.shorthand) fine.add(node.key);
    if (type === 'MemberExpression' && !computed) {
      if (object.name !== 'globalThis') fine.add(property);
      if (CLOCKS[object.name]?.includes(property.name)) fine.add(object);
      if (object.name === 'process' && property.name === 'hrtime') found.push([node, 'process.hrtime']);
    }
    const isRandom = type === 'MemberExpression' && object.name === 'Math' && (property.name ?? property.value) === 'random';
    if (isRandom || (type === 'VariableDeclarator' && node.init?.name === 'Math')) found.push([node, 'Math.random']);
    if (type === 'ImportSpecifier' && CHANCE.has(imported.name)) found.push([node, imported.name]);
    if (type === 'CallExpression' && CHANCE.has(callee.name)) found.push([node, callee.name]);
    if (type === 'Identifier' && !fine.has(node) && Object.hasOwn(CLOCKS, name)) found.push([node, name]);
  });
  return found.map(
    ([{ start }, what]) => `${file}:${lineAt(text, start)}: ${what} in a pure room; take the time, or a seeded random, as an argument`,
  );
}

/** Output to the terminal outside the places that may print. */
export function printProblems({ file, text, program }) {
  if (!file.startsWith('src/') || PRINTING.some((place) => file.startsWith(place))) return [];
  const found = [];
  visit(program, (node) => {
    if (node.type !== 'CallExpression') return;
    const callee = text.slice(node.callee.start, node.callee.end);
    if (/^(?:globalThis\.)?(?:console\b[.[]|process\.(?:stdout|stderr)\.write$)/.test(callee))
      found.push(`${file}:${lineAt(text, node.start)}: ${callee}; use a Log`);
  });
  return found;
}

/** A `catch` that neither does anything nor says why that is right. */
export function emptyCatchProblems({ file, text, program, comments }) {
  const found = [];
  visit(program, (node) => {
    if (node.type !== 'CatchClause' || node.body.body.length > 0) return;
    if (comments.some(({ start, end }) => start >= node.body.start && end <= node.body.end)) return;
    found.push(`${file}:${lineAt(text, node.start)}: an empty catch; handle the error, or say in a comment why it does not matter`);
  });
  return found;
}

/** A `.catch(() => undefined)` whose value nobody reads, without a comment that says why the error does not matter. */
export function swallowedProblems({ file, text, program, comments }) {
  const found = [];
  const explained = new Set(comments.flatMap(({ end }) => [0, 1, 2].map((below) => lineAt(text, end) + below)));
  visit(program, (node) => {
    if (node.type !== 'ExpressionStatement') return;
    let call = node.expression;
    while (call.type === 'AwaitExpression' || (call.type === 'UnaryExpression' && call.operator === 'void')) call = call.argument;
    const [handler, ...more] = call.callee?.property?.name === 'catch' ? call.arguments : [];
    if (handler?.type !== 'ArrowFunctionExpression' || more.length > 0) return;
    const isEmpty = handler.body.type === 'BlockStatement' ? handler.body.body.length === 0 : handler.body.name === 'undefined';
    if (isEmpty && !explained.has(lineAt(text, node.start)) && !explained.has(lineAt(text, handler.start)))
      found.push(`${file}:${lineAt(text, node.start)}: a swallowed error; handle it, or say in a comment above why it does not matter`);
  });
  return found;
}

/** A file of src that is too long. */
export function lengthProblems({ file, text }) {
  const lines = text.split('\n').length - 1;
  return lines > MAX_LINES ? [`${file}: ${lines} lines, more than ${MAX_LINES}; it holds two concepts: move one to its own file`] : [];
}

/** Variables of the operating system: theirs to document. */
const OF_THE_SYSTEM = new Set(['APPDATA', 'HOME', 'PATH', 'TERM', 'TMPDIR', 'XDG_CONFIG_HOME']);

/** Names that the code reads from the environment and no document mentions. */
export function undocumentedVariables(files, documents) {
  const places = new Map();
  for (const { file, text, program } of files) {
    const add = (name, { start }) => {
      if (typeof name === 'string' && /^[A-Z][A-Z0-9_]{2,}$/.test(name) && !places.has(name))
        places.set(name, `${file}:${lineAt(text, start)}`);
    };
    visit(program, (node) => {
      const { type, id, init } = node;
      const isEnv = (part) => /(?:^|\.)env$|\bProcessEnv$/.test(text.slice(part?.start ?? 0, part?.end ?? 0));
      const pattern =
        type === 'VariableDeclarator' && isEnv(init) ? id : type === 'ObjectPattern' && isEnv(node.typeAnnotation) ? node : {};
      for (const one of pattern.properties ?? []) add(one.key?.name, one);
      const isRead = node.type === 'MemberExpression' && /(?:^|\.)env$/.test(text.slice(node.object.start, node.object.end));
      const read = isRead ? (node.computed ? node.property.value : node.property.name) : undefined;
      const named = node.type === 'Literal' && /^PREDICTLAB_[A-Z0-9_]+$/.test(node.value) ? node.value : undefined;
      add(read ?? named, node);
    });
  }
  return [...places]
    .filter(([name]) => !OF_THE_SYSTEM.has(name) && !documents.some((text) => new RegExp(`\\b${name}\\b`).test(text)))
    .map(
      ([name, place]) =>
        `${place}: ${name} is read from the environment, and no document says what it does; add it to docs/configuration.md`,
    );
}

/** Whether a name of a function says that it asserts: `expect`, `expectNothingLost`, `assert.deepEqual`. `until` throws when its time is over. */
const ASSERTS = /^(?:expect|assert|until)/;

/**
 * Tests that can only fail by throwing.
 *
 * @param asserting names imported from other test modules that assert, by the name of the importing file
 */
export function assertionProblems({ file, text, program }, asserting = new Set()) {
  const functions = new Map();
  visit(program, (node) => {
    if (node.type === 'FunctionDeclaration' && node.id) functions.set(node.id.name, node.body);
    if (node.type === 'VariableDeclarator' && /Function/.test(node.init?.type ?? '') && node.id.type === 'Identifier')
      functions.set(node.id.name, node.init.body);
    if (node.type === 'MethodDefinition' && node.key.type === 'Identifier') functions.set(node.key.name, node.value.body);
  });
  const asserts = (body, seen = new Set()) => {
    let found = false;
    visit(body, (node) => {
      const name = node.type === 'Identifier' ? node.name : undefined;
      if (found || name === undefined) return;
      if (ASSERTS.test(name) || asserting.has(name)) found = true;
      else if (functions.has(name) && !seen.has(name)) found = asserts(functions.get(name), new Set([...seen, name]));
    });
    return found;
  };
  const found = [];
  visit(program, (node) => {
    if (node.type !== 'CallExpression') return;
    const callee = text.slice(node.callee.start, node.callee.end);
    if (!/^(?:it|test)(?:\.\w+)*(?:\(|<|$)/.test(callee) || /\.(?:todo|each|skipIf|runIf)$/.test(callee)) return;
    const body = node.arguments.find(({ type }) => /Function/.test(type)) ?? node.arguments.find(({ type }) => type === 'Identifier');
    if (body !== undefined && node.arguments.length > 1 && !asserts(body))
      found.push(`${file}:${lineAt(text, node.start)}: a test without an assertion`);
  });
  return found;
}

/** The tests without an assertion of all test files; a helper that another test module exports is looked at there. */
export function assertionsOf(files) {
  const asserting = new Map(files.map(({ file, text }) => [file, /\b(?:expect|assert)\b|\bthrow new/.test(text)]));
  return files
    .filter(({ file }) => file.endsWith('.test.ts'))
    .flatMap((one) => {
      const helpers = new Set();
      visit(one.program, (node) => {
        if (node.type !== 'ImportDeclaration' || !node.source.value.startsWith('.')) return;
        const from = path.posix.join(path.posix.dirname(one.file), node.source.value);
        if (asserting.get(from)) for (const { local } of node.specifiers) helpers.add(local.name);
      });
      return assertionProblems(one, helpers);
    });
}

/** Bare regular expressions in toMatchObject, which passes whatever the text is, and in objectContaining, which no text equals. */
export function bareRegexProblems({ file, text, program }) {
  const found = new Set();
  visit(program, ({ type, callee, arguments: given }) => {
    if (type !== 'CallExpression' || !/^(?:toMatchObject|objectContaining)$/.test(callee.property?.name)) return;
    visit(given, (node) => {
      const values = node.type === 'Property' ? [node.value] : node.type === 'ArrayExpression' ? node.elements : [];
      for (const value of values) if (value?.regex) found.add(value.start);
    });
  });
  return [...found].map(
    (start) => `${file}:${lineAt(text, start)}: a bare regular expression is not matched; write expect.stringMatching(…)`,
  );
}

/** The files that a file imports: `{ to, isDynamic }`, types left out. */
function importsOf({ file, program }) {
  const found = [];
  const add = (source, isDynamic) => {
    if (typeof source === 'string' && source.startsWith('.'))
      found.push({ to: path.posix.join(path.posix.dirname(file), source), isDynamic });
  };
  visit(program, (node) => {
    if (node.type === 'ImportDeclaration' && node.importKind !== 'type' && !isOfTypesAlone(node)) add(node.source.value, false);
    if ((node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') && node.exportKind !== 'type')
      add(node.source?.value, false);
    if (node.type === 'ImportExpression') add(node.source.value, true);
  });
  return found;
}

const isOfTypesAlone = ({ specifiers }) => specifiers.length > 0 && specifiers.every(({ importKind }) => importKind === 'type');

/** Circles of imports that are closed by an `import()`; the lint finds the others. */
export function dynamicCircles(files) {
  const graph = new Map(files.map((one) => [one.file, importsOf(one)]));
  const wayBack = (from, to) => {
    const before = new Map([[from, undefined]]);
    for (const [at] of before) {
      if (at === to) {
        const way = [];
        for (let step = at; step !== undefined; step = before.get(step)) way.unshift(step);
        return way;
      }
      for (const { to: next } of graph.get(at) ?? []) if (!before.has(next)) before.set(next, at);
    }
    return undefined;
  };
  const found = new Map();
  for (const [file, imports] of graph)
    for (const { to, isDynamic } of imports) {
      if (!isDynamic) continue;
      const way = wayBack(to, file);
      if (way !== undefined)
        found.set(way.toSorted((a, b) => (a < b ? -1 : 1)).join(), `${file}: import() closes a circle: ${[file, ...way].join(' → ')}`);
    }
  return [...found.values()];
}

/** Migrations whose content is not the one that was released, and those without a kept hash. */
export function migrationProblems(kept, hashes) {
  const released = new Map(
    kept
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/).toReversed()),
  );
  return [...new Set([...released.keys(), ...Object.keys(hashes)])].flatMap((name) => {
    if (!(name in hashes)) return [`migration ${name} was released and is gone; restore it`];
    if (!released.has(name)) return [`migration ${name} has no kept hash; add it to test/storage/database/migrations.sha256`];
    return released.get(name) === hashes[name] ? [] : [`migration ${name} was changed after its hash was kept; write a new migration`];
  });
}

/** Words of an older style of these texts, and what to write instead. */
const OLD_WORDS = [
  [/\b[Tt]old\b/, 'told', 'log, notify, report, return, send or called with'],
  [/\b[Mm]end(?:s|ed|ing)?\b/, 'mend', 'fix or correct'],
  [/\b[Ww]hoever\b/, 'whoever', 'the caller, the operator or the process that …'],
  [/\b[Aa]new\b/, 'anew', 'again'],
  [/\b[Aa]mid\b/, 'amid', 'while or during'],
  [/\/\*\* Of\b/, 'Of …" at the start of a comment', 'the name of the thing first'],
];

/** Words that readers trip over, in code and documents. */
export function wordProblems({ file, text }) {
  return text
    .split('\n')
    .flatMap((line, index) =>
      OLD_WORDS.filter(([pattern]) => pattern.test(line)).map(
        ([, word, instead]) => `${file}:${index + 1}: "${word}${word.includes('"') ? '' : '"'}; write ${instead}`,
      ),
    );
}
