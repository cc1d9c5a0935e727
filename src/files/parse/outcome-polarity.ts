/** Names of the outcome that venues list first, and of the one beside it. */
const COUNTERPARTS = [
  ['Yes', 'No'],
  ['Up', 'Down'],
  ['0', '1'],
] as const;

const keyOf = (name: string): string => name.trim().toLowerCase();
const USUALLY_FIRST = new Set(COUNTERPARTS.map(([first]) => keyOf(first)));
const FIRST_BESIDE = new Map(COUNTERPARTS.map(([first, second]) => [keyOf(second), first]));

/**
 * Which of a binary market's outcomes a row traded. The first outcome is the one the user named; else the one of those in
 * the sample that venues list first (Yes, Up, 0); else the first name met, unless that is one that venues list second (No, Down, 1):
 * then the one that belongs to it is first, whether the file has it or not. The other outcome is the next name met;
 * a third one belongs to no binary market.
 */
export class OutcomePolarity {
  private readonly first: { key: string; name: string } | undefined;
  private second: { key: string; name: string } | undefined;

  constructor(firstOutcome: string | undefined, sample: readonly string[]) {
    const met = sample.map((name) => name.trim()).filter((name) => name !== '');
    const usual = met.find((name) => USUALLY_FIRST.has(keyOf(name)));
    const plain = met.find((name) => !FIRST_BESIDE.has(keyOf(name)));
    const name = firstOutcome ?? usual ?? plain ?? (met[0] === undefined ? undefined : FIRST_BESIDE.get(keyOf(met[0])));
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
