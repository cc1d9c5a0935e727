import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import type { Database } from '../../storage/database/database.ts';
import { candidatesFor, type Names } from '../completion/candidates.ts';
import { printLine, usageError } from '../terminal/print.ts';

const HELP = `
The script completes commands, options, stages, symbols and run ids. It starts no server: names come from the database when it is
running, otherwise from the report pages under PREDICTLAB_HOME.`;

/** Registers `predictlab completion`. */
export default function register(command: Command, createProgram: (requested: string | undefined) => Promise<Command>): void {
  command
    .description(
      'Prints the script that completes `predictlab …` in a shell. With the words of a line after `--`, prints what may come next.',
    )
    .argument('<shell>', SHELLS.join(', '))
    .argument('[words...]', 'the words of the line being typed')
    .addHelpText('after', HELP)
    .action((shell: string, words: readonly string[]) => completion(createProgram, shell, words));
}

async function completion(
  createProgram: (requested: string | undefined) => Promise<Command>,
  named: string,
  words: readonly string[],
): Promise<void> {
  const shell = SHELLS.find((known) => known === named);
  if (shell === undefined) throw usageError(`completion ${named}: there are ${SHELLS.join(', ')}${didYouMean(named, SHELLS)}`);
  if (words.length === 0) return void process.stdout.write(SHELL_SCRIPTS[shell]);
  const found = await candidatesFor(await createProgram(words[0]), words, namesToComplete(homeFolder(process.env), process.env));
  if (found === 'files') return printLine(':files');
  for (const { word, about } of found) printLine(lineFor(shell, word, about));
}

const lineFor = (shell: Shell, word: string, about: string): string => (shell === 'bash' || about === '' ? word : `${word}\t${about}`);

/** Shells for which a completion script exists. */
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/**
 * The completion script of each shell. It calls `predictlab completion <shell> -- <words>`, which prints one word per line (zsh and fish: a
 * tab and a description after it), or `:files` for the names of files.
 */
export const SHELL_SCRIPTS: Readonly<Record<Shell, string>> = {
  // bash ends a word at a colon or an equals sign, so a completion must not repeat the part before it
  bash: `_predictlab() {
  local line="\${COMP_LINE:0:COMP_POINT}" out cur kept
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  cur="\${words[-1]}"
  out="$("\${words[0]}" completion bash -- "\${words[@]:1}" 2>/dev/null)" || return
  if [[ $out == :files ]]; then
    compopt -o default
    COMPREPLY=()
    return
  fi
  kept="\${cur%"\${cur##*[:=]}"}"
  local IFS=$'\\n'
  COMPREPLY=()
  local word
  for word in $out; do COMPREPLY+=("\${word#"$kept"}"); done
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _predictlab predictlab
`,
  zsh: `#compdef predictlab
_predictlab() {
  local out line word
  local -a found
  out="$("\${words[1]}" completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)" || return
  if [[ $out == :files ]]; then
    _files
    return
  fi
  for line in "\${(@f)out}"; do
    [[ -z $line ]] && continue
    word="\${\${line%%$'\\t'*}//:/\\\\\\\\:}"
    [[ $line == *$'\\t'* ]] && word+=":\${line#*$'\\t'}"
    found+=("$word")
  done
  _describe -V predictlab found
}
if [[ $funcstack[1] == _predictlab ]]; then
  _predictlab "$@"
else
  compdef _predictlab predictlab
fi
`,
  fish: `function __predictlab_complete
    set -l words (commandline -opc)
    set -l out ($words[1] completion fish -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$out" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $out
    end
end
complete -c predictlab -f -a '(__predictlab_complete)'
`,
};

/** Maximum number of runs offered as completions. */
const MAX_RUNS = 50;
/** Maximum number of report folders that are searched for symbols. */
const MAX_FOLDERS = 5;

/**
 * Symbols and runs of a home: from its database when a server is running (none is started for this), otherwise from the report pages, the
 * log lines and the shipped catalogue.
 */
export function namesToComplete(home: string, env: NodeJS.ProcessEnv): Names {
  return {
    async symbols() {
      const stored = await queried(home, env, async (database) => {
        const { symbolNames } = await import('../../storage/markets/catalogue.ts');
        return (await symbolNames(database)).map(({ symbol }) => symbol);
      });
      if (stored !== undefined && stored.length > 0) return stored;
      const { DEFAULT_CATALOGUE } = await import('../../storage/markets/first-catalogue.ts');
      return [...new Set([...DEFAULT_CATALOGUE.map(({ symbol }) => symbol), ...(await symbolsOfPages(home))])].sort();
    },
    async runs() {
      const stored = await queried(home, env, async (database) => {
        const { listRuns } = await import('../../storage/runs/runs.ts');
        return (await listRuns(database, MAX_RUNS)).map(({ runId }) => runId);
      });
      return stored ?? (await runFolders(home)).map((name) => name.replaceAll('.', ':')).slice(0, MAX_RUNS);
    },
  };
}

/** The result of a query; undefined when no database is running or it does not answer. */
async function queried<T>(home: string, env: NodeJS.ProcessEnv, ask: (database: Database) => Promise<T>): Promise<T | undefined> {
  try {
    const isOurs = !env.DATABASE_URL?.trim();
    if (isOurs) {
      const { runningServer } = await import('../../storage/embedded/postgres-process.ts');
      if (runningServer({ data: path.join(home, 'postgres', 'data') }) === undefined) return undefined;
    }
    const { useDatabase } = await import('../terminal/session.ts');
    return await useDatabase(ask);
  } catch {
    return undefined;
  }
}

/** Folders of runs, newest first. A name that ends in a hash no longer contains the id, so it is left out. */
async function runFolders(home: string): Promise<readonly string[]> {
  const touched = new Map<string, number>();
  for (const parent of [path.join(home, 'reports'), path.join(home, 'logs', 'runs')]) {
    for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || entry.name.includes('@') || /\.[0-9a-f]{10}$/.test(entry.name)) continue;
      const { mtimeMs } = await stat(path.join(parent, entry.name)).catch(() => ({ mtimeMs: 0 }));
      touched.set(entry.name, Math.max(mtimeMs, touched.get(entry.name) ?? 0));
    }
  }
  return [...touched].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

async function symbolsOfPages(home: string): Promise<readonly string[]> {
  const folders = (await runFolders(home)).slice(0, MAX_FOLDERS);
  const pages = await Promise.all(folders.map((name) => readdir(path.join(home, 'reports', name)).catch(() => [])));
  return pages.flat().flatMap((name) => (name.endsWith('.html') && name !== 'index.html' ? [name.slice(0, -'.html'.length)] : []));
}
