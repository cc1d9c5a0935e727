/** `2026-11-24T08:00:00Z`: the stamp in a run's id, UTC to the second. */
export const runStamp = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;
