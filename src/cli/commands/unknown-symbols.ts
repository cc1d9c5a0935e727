import { existsSync } from 'node:fs';
import path from 'node:path';
import { InvalidPipelineError, type Problem } from '../../contracts/errors.ts';
import { didYouMean } from '../../contracts/nearest-name.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { namesFor } from '../../storage/markets/first-catalogue.ts';
import { useDatabase } from '../terminal/session.ts';

/** So many names are compared with all known ones. */
const NAMES_COMPARED = 20;

/**
 * A misspelt symbol is said to whoever typed it, as `plan` does, and leaves no failed run behind. Where this command has no database
 * the run says it.
 *
 * @throws InvalidPipelineError that names each (exit code 2)
 */
export async function refuseUnknownSymbols(symbols: unknown): Promise<void> {
  if (!Array.isArray(symbols) || symbols.length === 0) return;
  // To look must not make a database where there is none.
  if (!process.env.DATABASE_URL && !existsSync(path.join(homeFolder(process.env), 'postgres'))) return;
  let names: readonly string[];
  try {
    names = (await useDatabase((database) => namesFor(database, symbols))).map(({ symbol }) => symbol);
  } catch {
    return;
  }
  const known = new Set(names);
  const unknown = symbols.flatMap((symbol: unknown, index): Problem[] =>
    typeof symbol !== 'string' || known.has(symbol)
      ? []
      : [
          {
            where: `symbols[${index}]`,
            message: `unknown symbol "${symbol.slice(0, 200)}"; \`predictlab symbols list\` shows the catalogue`,
          },
        ],
  );
  if (unknown.length === 0) return;
  throw new InvalidPipelineError(
    unknown.map((problem, i) =>
      i < NAMES_COMPARED ? { ...problem, message: problem.message + nearest(symbols, problem, names) } : problem,
    ),
  );
}

const nearest = (symbols: readonly unknown[], { where }: Problem, names: readonly string[]): string =>
  didYouMean(String(symbols[Number(where.slice('symbols['.length, -1))]), names);
