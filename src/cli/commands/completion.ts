import type { Command } from 'commander';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { candidatesFor } from '../completion/candidates.ts';
import { namesToComplete } from '../completion/known-names.ts';
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
