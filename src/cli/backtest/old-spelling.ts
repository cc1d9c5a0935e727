import { shellWord } from '../../contracts/text/plain-text.ts';

/**
 * Converts the old form of `backtest`, without a sub-command, to the present one; undefined for other command lines. Results stay the same:
 * the old form traded candle files as assets, without a volume cap.
 */
export function presentSpelling([command, ...rest]: readonly string[]): readonly string[] | undefined {
  if (command !== 'backtest' || !rest[0]?.startsWith('-') || rest[0] === '-h' || rest[0] === '--help') return undefined;
  const without = (flag: string): string[] => rest.filter((word) => word !== flag);
  const given = (flag: string): boolean => rest.some((word) => word === flag || word.startsWith(`${flag}=`));
  const uncapped = given('--symbol') || given('--volume-share') ? [] : ['--volume-share', 'none'];
  const market = given('--symbol') || given('--market') || given('--settle') ? [] : ['--market', 'asset'];
  if (rest.includes('--walk-forward')) return [command, 'walk-forward', ...without('--walk-forward'), ...uncapped, ...market];
  const at = rest.findIndex((word) => word === '--portfolio' || word.startsWith('--portfolio='));
  if (at >= 0) {
    const words = [...rest];
    words.splice(at, 1, ...(rest[at].includes('=') ? [rest[at].slice('--portfolio='.length)] : []));
    // Commander accepts the list at any position among the options.
    return [command, 'portfolio', ...words, ...uncapped];
  }
  return [command, given('--symbol') ? 'symbol' : 'file', ...rest, ...uncapped, ...market];
}

/** A sentence that shows the present spelling of a command line, with the file or symbol as an argument. */
export const spellingNote = (words: readonly string[]): string => {
  const [command, way, ...rest] = words;
  const flag = way === 'file' ? '--candles' : way === 'symbol' ? '--symbol' : undefined;
  const at = flag === undefined ? -1 : rest.indexOf(flag);
  const shown = at < 0 || rest[at + 1] === undefined ? rest : [rest[at + 1], ...rest.slice(0, at), ...rest.slice(at + 2)];
  return `\`${command}\` has sub-commands now; write: predictlab ${[command, way, ...shown].map(shellWord).join(' ')}`;
};
