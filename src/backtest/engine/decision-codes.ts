/** Decisions as numbers, one a bar. */
export const HOLD = 0;
export const LONG = 1;
export const SHORT = 2;
export const FLAT = 3;
/** What it asks for lies beside the codes, by its bar. */
export const ORDER = 4;
