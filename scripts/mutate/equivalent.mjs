/**
 * Mutants that nobody can tell from the original by what it does, each with the reason. They are left out of the score.
 * `code` and `becomes` are as `npm run mutate` prints them.
 */
export const EQUIVALENT = [];
