/** Why a run that wants to be alone does not begin. @param open ids of those that are open, at least one */
export function besideOpen(open: readonly string[]): string {
  const which = open.slice(0, 3).join(', ') + (open.length > 3 ? ` and ${open.length - 3} more` : '');
  return `--exclusive: ${which} ${open.length === 1 ? 'is' : 'are'} open; wait for the end (\`predictlab watch ${open[0]}\`), or cancel it`;
}
