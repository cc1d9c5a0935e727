/** Names that venues give the outcome they list first. */
const USUALLY_FIRST = ['yes', 'up', '0'];

const keyOf = (name: string): string => name.trim().toLowerCase();

/**
 * Which of a binary market's outcomes a row traded. The first outcome is the one the user named; else the one of those in
 * the sample that venues list first (Yes, Up, 0); else the first name met. The other outcome is the next name met;
 * a third one belongs to no binary market.
 */
export class OutcomePolarity {
  private readonly first: { key: string; name: string } | undefined;
  private second: { key: string; name: string } | undefined;

  constructor(firstOutcome: string | undefined, sample: readonly string[]) {
    const met = sample.map((name) => name.trim()).filter((name) => name !== '');
    const usual = met.find((name) => USUALLY_FIRST.includes(keyOf(name)));
    const name = firstOutcome ?? usual ?? met[0];
    this.first = name === undefined ? undefined : { key: keyOf(name), name: name.trim() };
  }

  /** The names met so far, first outcome first; empty when the file has none. */
  get outcomes(): readonly string[] {
    return [this.first, this.second].flatMap((outcome) => (outcome === undefined ? [] : [outcome.name]));
  }

  /** @returns whether the row traded the first outcome or the other one, or null where it names neither */
  of(name: string): 'first' | 'second' | null {
    const key = keyOf(name);
    if (key === '' || this.first === undefined) return null;
    if (key === this.first.key) return 'first';
    this.second ??= { key, name: name.trim() };
    return key === this.second.key ? 'second' : null;
  }
}
