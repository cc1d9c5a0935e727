/** Why a run that was started with `--exclusive` is refused. @param open ids of the other open runs, at least one */
export function exclusiveRefusal(open: readonly string[]): string {
  const which = open.slice(0, 3).join(', ') + (open.length > 3 ? ` and ${open.length - 3} more` : '');
  return `--exclusive: ${which} ${open.length === 1 ? 'is' : 'are'} open; wait for its end (\`predictlab watch ${open[0]}\`), or cancel it`;
}
