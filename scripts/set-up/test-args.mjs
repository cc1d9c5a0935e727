import { SetUpError } from './project.mjs';
import { proofOf, TIERS } from './tiers.mjs';

/**
 * What `npm test -- …` asks for.
 *
 * @returns `tier` (the number of cases), `selection` (the tier whose files run; undefined: any), `paths` of test files, and what vitest gets besides
 * @throws SetUpError for an unknown tier, a folder that is not in src, and an option without a value
 */
export function parseTestArgs(args) {
  const wanted = { tier: 'quick', counts: undefined };
  const paths = [];
  const vitestArgs = [];
  let named = false;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [option, inline] = arg.split('=', 2);
    if (!['--tier', '--for', '--counts'].includes(option)) {
      named ||= !arg.startsWith('-') && arg.includes('test');
      vitestArgs.push(arg);
      continue;
    }
    const value = inline ?? rest.shift();
    if (value === undefined || value === '') throw new SetUpError(`${option} needs a value, for example --for src/storage/candles`);
    if (option === '--for') paths.push(...testsOf(value));
    else wanted[option.slice(2)] = value;
  }
  if (!TIERS.includes(wanted.tier)) throw new SetUpError(`--tier ${wanted.tier} is not a tier of tests; one of ${TIERS.join(', ')}`);
  const selection = named || paths.length > 0 ? undefined : wanted.tier;
  return { ...wanted, selection, paths: [...new Set(paths)], vitestArgs };
}

function testsOf(folder) {
  const files = proofOf(folder);
  if (files === undefined) throw new SetUpError(`--for ${folder}: there is no such folder in src; for example --for src/storage/candles`);
  if (files.length === 0) throw new SetUpError(`--for ${folder}: no test proves it; name a service file in test/tiers.json`);
  return files;
}
