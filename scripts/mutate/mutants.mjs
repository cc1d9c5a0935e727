import { parseSync } from 'oxc-parser';

/** The operator that replaces each operator: a similar one that could be written by mistake. */
const TURNED = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '++': '--',
  '--': '++',
};

const LOGICAL = new Set(['&&', '||', '??']);

/**
 * Every mutant of a source: one operator turned, one `!` or one minus sign left out.
 *
 * @returns `{ file, line, start, stop, replacement, code, becomes }`: `replacement` takes the place of the expression in [start, stop) of
 *   the source; `code` and `becomes` are the expression without and with it, on one line
 */
export function mutantsOf(file, source) {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  const mutants = [];
  const add = (node, at, end, text) => {
    // `a ?? b || c` is no expression without parentheses: nobody could write that by mistake
    if (LOGICAL.has(text) && parseSync(file, source.slice(0, at) + text + source.slice(end)).errors.length > 0) return;
    const oneLine = (code) => code.replaceAll(/\s+/g, ' ');
    const replacement = source.slice(node.start, at) + text + source.slice(end, node.end);
    mutants.push({
      file,
      line: source.slice(0, at).split('\n').length,
      start: node.start,
      stop: node.end,
      replacement,
      code: oneLine(source.slice(node.start, node.end)),
      becomes: oneLine(replacement),
    });
  };
  visit(program, (node) => {
    const { type, operator } = node;
    if (type === 'BinaryExpression' || type === 'LogicalExpression' || type === 'AssignmentExpression') {
      if (TURNED[operator] === undefined || joinsText(node)) return;
      const at = source.indexOf(operator, node.left.end);
      add(node, at, at + operator.length, TURNED[operator]);
    } else if (type === 'UpdateExpression') {
      const at = node.prefix ? node.start : node.end - operator.length;
      add(node, at, at + operator.length, TURNED[operator]);
    } else if (type === 'UnaryExpression' && (operator === '!' || operator === '-')) {
      add(node, node.start, node.start + 1, '');
    }
  });
  return mutants;
}

/** `'a' + b` joins text: there is no minus for it. */
const joinsText = ({ operator, left, right }) =>
  (operator === '+' || operator === '+=') &&
  [left, right].some(({ type, value }) => type === 'TemplateLiteral' || (type === 'Literal' && typeof value === 'string'));

function visit(node, look) {
  // `1 | -1` in a type is no expression
  if (typeof node.type !== 'string' || node.type.startsWith('TSType') || node.type === 'TSLiteralType') return;
  look(node);
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) for (const one of child) if (one !== null && typeof one === 'object') visit(one, look);
    if (child !== null && typeof child === 'object' && !Array.isArray(child)) visit(child, look);
  }
}

/** Stands for the number of the mutant that is on in bundled workflows, whose sandbox sees no global of the tests. */
export const IN_WORKFLOWS = '$mutantInWorkflows';

/** The list of switches. Another thread of the tests, which may have only the text of a function, shares it. */
const LIST = "(globalThis._mutants ??= process.getBuiltinModule('worker_threads').getEnvironmentData('_mutants'))";

/**
 * The source with every mutant behind a switch: `_mutants[0]` is the number of the mutant that is on, and `_mutants[n]` becomes 1 where
 * mutant n is reached. Mutants are numbered from 1.
 *
 * @param on code of the number of the mutant that is on @default `_mutants[0]`, which also notes that a mutant is reached
 */
export function withSwitches(file, source, mutants, on) {
  const here = mutants
    .map((mutant, index) => ({ ...mutant, number: index + 1 }))
    .filter((mutant) => mutant.file === file)
    // an expression goes before those inside it
    .toSorted((a, b) => a.start - b.start || b.stop - a.stop);
  const render = (from, to) => {
    let text = '';
    let at = from;
    while (here.length > 0 && here[0].start < to) {
      const { number, start, stop, replacement } = here.shift();
      const original = render(start, stop);
      const isOn = on === undefined ? `(${LIST}[${number}] = 1, _mutants[0] === ${number})` : `${on} === ${number}`;
      text += `${source.slice(at, start)}(${isOn} ? (${replacement}) : (${original}))`;
      at = stop;
    }
    return text + source.slice(at, to);
  };
  return render(0, source.length);
}

/** Draws `size` mutants at random: the same ones for the same seed and sources, in the order of the sources. */
export function sampleOf(mutants, { size, seed }) {
  const random = seededRandom(seed);
  return mutants
    .map((mutant) => ({ mutant, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, size)
    .map(({ mutant }) => mutant)
    .sort((a, b) => mutants.indexOf(a) - mutants.indexOf(b));
}

/** mulberry32 */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
