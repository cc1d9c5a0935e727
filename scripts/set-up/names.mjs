/** Names exported by two floors for the same concept, with the reason. */
const SAME = {
  runBacktest: 'the library’s is the engine’s for programs: rows instead of columns, names of strategies',
};

/** The folders of venues have the same files: their exports are the same concept at another venue. */
const PER_VENUE = /^sources\/(polymarket|predict|kalshi)\//;

const EXPORTED = /^export (?:declare )?(?:async )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum) +([\w$]+)/gm;

/**
 * Returns one sentence for each name that several files export, and for each exception that is not needed.
 *
 * @param files `{ file, text }`: the path below `src` and what stands there
 */
export function namedTwice(files, same = SAME) {
  const places = new Map();
  for (const { file, text } of files)
    for (const name of new Set([...text.matchAll(EXPORTED)].map(([, found]) => found)))
      places.set(name, [...(places.get(name) ?? []), file]);
  const twice = [...places].filter(([, found]) => found.length > 1);
  const meanTwo = twice.filter(([name, found]) => !(name in same) && !isOnePerVenue(found));
  const needless = Object.keys(same).filter((name) => !twice.some(([found]) => found === name));
  return [
    ...meanTwo.map(
      ([name, found]) => `${name} is exported by ${found.map((file) => `src/${file}`).join(' and ')}: give one of them another name`,
    ),
    ...needless.map((name) => `scripts/set-up/names.mjs: ${name} is exported once; take it from the exceptions`),
  ];
}

function isOnePerVenue(found) {
  const venues = found.map((file) => PER_VENUE.exec(file)?.[1]);
  return venues.every((venue) => venue !== undefined) && new Set(venues).size === found.length;
}
