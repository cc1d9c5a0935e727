/** Files of `src` that belong to a floor, as its folders do: only some folders may import them. */
const FILES = ['client.ts', 'index.ts'];
/** Files next to the folders that other floors import. Each belongs to a floor, or to all and then imports only the lowest one. */
const BESIDE = { 'client.ts': ['client'], 'closers.ts': [], 'version.ts': [] };
const NOTHING = 'nothing of ours';
const EVERYTHING = 'everything';

/**
 * The rows of the architecture's table: `| \`files\` | what it is | contracts, market; types of backtest |`.
 *
 * @returns by folder: what it may import, and of which only the types; `activities/report` is a folder within one
 */
export function floorsOf(text) {
  const rows = text.matchAll(/^\| `([\w-]+)` \| [^|]+ \| ([^|]+) \|$/gm);
  return new Map([...rows].map(([, folder, said]) => [folder, importsOf(said.trim())]));
}

function importsOf(said) {
  if (said === NOTHING) return { may: [], types: [] };
  if (said === EVERYTHING) return { may: EVERYTHING, types: [] };
  const [may, types = ''] = said.split(/; types of /);
  const names = (list) => list.split(', ').filter(Boolean);
  return { may: names(may), types: names(types) };
}

/** Faults of the table itself: a missing folder, an unknown name, a circle. */
export function floorsProblems(floors, folders) {
  const problems = folders
    .filter((folder) => !floors.has(folder))
    .map((folder) => `docs/architecture.md: the table has no row for src/${folder}`);
  for (const [folder, { may, types }] of floors) {
    if (!folders.includes(folder)) problems.push(`docs/architecture.md: the table has ${folder}, which is no folder of src`);
    for (const name of [...(may === EVERYTHING ? [] : may), ...types])
      if (!folders.includes(name.split('/')[0]) && !FILES.includes(name))
        problems.push(`docs/architecture.md: ${folder} may import ${name}, which is not in src`);
    for (const other of folders)
      if (mayImport(floors, folder, other) && mayImport(floors, other, folder) && folder < other)
        problems.push(`docs/architecture.md: ${folder} and ${other} may import each other`);
  }
  return problems;
}

const mayImport = (floors, from, to) => {
  const { may = [] } = floors.get(from) ?? {};
  return from !== to && (may === EVERYTHING || may.some((name) => name.split('/')[0] === to));
};

/** The lint's `no-restricted-imports` for each folder. */
export function restrictions(floors, folders) {
  const named = [...floors.keys()].filter((folder) => folders.includes(folder));
  const lowest = named.filter((folder) => floors.get(folder).may.length === 0);
  const beside = Object.entries(BESIDE).map(([file, ofFloors]) => {
    const may = [...lowest, ...ofFloors.flatMap((folder) => [folder, ...(floors.get(folder)?.may ?? [])])];
    const refused = [...named, ...FILES].filter((name) => name !== file && !may.includes(name));
    return restricted(`src/${file}`, [
      {
        regex: importOf(refused, may, '\\./'),
        message: `${file} may import ${may.join(', ')} only: arrows go down (docs/architecture.md)`,
      },
    ]);
  });
  const within = named.flatMap((folder) => {
    const { may, types } = floors.get(folder);
    if (may === EVERYTHING) return [];
    // how far up its own folder lies depends on the depth: the top of `contracts` is one step, below it are two
    if (may.length === 0) return [0, 1].map((depth) => nothingOfOurs(folder, depth));
    const said = [...may, ...types.map((name) => `${name} (types)`)].join(', ');
    const refused = [...named, ...FILES].filter((name) => name !== folder && !may.includes(name) && !types.includes(name));
    const patterns = [
      { regex: importOf(refused, may), message: `${folder} may import ${said} only: arrows go down (docs/architecture.md)` },
      ...(types.length === 0
        ? []
        : [
            {
              regex: importOf(types, []),
              allowTypeImports: true,
              message: `${folder} may import the types of ${types.join(', ')} only (docs/architecture.md)`,
            },
          ]),
    ];
    return [restricted(`src/${folder}/**`, patterns)];
  });
  return [...within, ...beside];
}

const restricted = (file, patterns) => ({ files: [file], rules: { 'no-restricted-imports': ['error', { patterns }] } });

function nothingOfOurs(folder, depth) {
  const patterns = [{ regex: `^${'\\.\\./'.repeat(depth + 1)}`, message: `${folder} imports nothing of ours` }];
  return restricted(`src/${folder}/${depth === 0 ? '*.ts' : '*/**'}`, patterns);
}

/** Matches an import of one of them from anywhere below `src`; of a folder of which a part is allowed, all but this part. */
function importOf(names, allowed, from = '(?:\\.\\./)+') {
  const part = (name) => allowed.find((other) => other.startsWith(`${name}/`))?.slice(name.length + 1);
  const folders = names
    .filter((name) => !FILES.includes(name))
    .map((name) => (part(name) === undefined ? `${name}/` : `${name}/(?:${startsOtherwise(`${part(name)}/`)})`));
  const files = names.filter((name) => FILES.includes(name)).map((name) => `${name.replaceAll('.', '\\.')}$`);
  return `^${from}(?:${[...folders, ...files].join('|')})`;
}

/** Folders that list things of one kind, one per file, so that any number of files is allowed. */
const LISTS = ['src/cli/commands', 'src/backtest/metrics', 'src/storage/database/migrations'];
/** Maximum number of files directly in a folder. */
const MAX_FILES = 13;

/** Folders with more files of their own than that, except lists. @param files paths with `/` */
export function fullFolders(files) {
  const counts = new Map();
  for (const file of files) {
    const folder = file.slice(0, file.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([folder, count]) => count > MAX_FILES && !LISTS.includes(folder))
    .map(
      ([folder, count]) =>
        `${folder} has ${count} files, and at most ${MAX_FILES} can be taken in: move those of one concept into a folder`,
    );
}

/** A pattern for text that does not start with these letters. The lint does not support `(?!…)` and ignores a rule that contains it. */
const startsOtherwise = (letters) => [...letters].map((letter, at) => `${letters.slice(0, at)}[^${letter}]`).join('|');

/**
 * Whether the first picture shows every folder and every way from one to another that the table allows, and no other way:
 * `A["cli · ui"] --> B["storage"] & C`.
 */
export function pictureProblems(text, floors, folders) {
  const picture = /^```mermaid\n([\s\S]*?)^```/m.exec(text)?.[1] ?? '';
  const nodes = new Map(
    [...picture.matchAll(/(\w+)\["([^"]+)"\]/g)].map(([, id, label]) => [id, label.replace(/ \(.*\)$/, '').split(' · ')]),
  );
  const arrows = picture.split('\n').flatMap((line) => {
    const [from, ...to] = line
      .replaceAll(/\["[^"]*"\]/g, '')
      .trim()
      .split(/ --> | & /);
    return line.includes('-->') ? to.map((id) => [from, id]) : [];
  });
  const shown = (folder) => [...nodes].find(([, names]) => names.includes(folder))?.[0];
  const problems = folders.filter((folder) => shown(folder) === undefined).map((folder) => `the picture does not show ${folder}`);
  for (const [from, to] of arrows) {
    const [above, below] = [nodes.get(from) ?? [from], nodes.get(to) ?? [to]];
    if (!above.some((a) => below.some((b) => !folders.includes(a) || mayImport(floors, a, b))))
      problems.push(
        `the picture has an arrow from ${above.join(' · ')} to ${below.join(' · ')}, which docs/architecture.md does not allow`,
      );
  }
  const reaches = (from, to, seen = []) =>
    from === to || arrows.some(([a, b]) => a === from && !seen.includes(b) && reaches(b, to, [...seen, b]));
  for (const a of folders)
    for (const b of folders)
      if (mayImport(floors, a, b) && shown(a) !== undefined && shown(b) !== undefined && !reaches(shown(a), shown(b)))
        problems.push(`the picture has no way from ${a} down to ${b}, which docs/architecture.md allows`);
  return problems;
}
