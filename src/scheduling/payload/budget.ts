/**
 * Temporal refuses a payload of 2 MB, and a workflow that hands it one fails its task again and again without end. So whatever
 * a run hands to Temporal is measured by `encodedBytes` and kept below this; what is left out first is said where it is written.
 * Bytes.
 */
export const PAYLOAD_BUDGET = 1_400_000;

/** What a run keeps of its tasks' errors and outputs beside their statuses; see `scheduling/run/kept-details.ts`. Bytes. */
export const DETAIL_BUDGET = 1_100_000;

/** A config up to this size travels on to the next execution; a larger one is read from the database there. Bytes. */
export const CARRIED_CONFIG = 300_000;

/** One that the database does not keep whole travels on up to this size: what a state at least needs has room beside it. Bytes. */
export const CARRIED_INLINE = 900_000;

/** An output larger than this is left out before the others are. Bytes. */
export const SMALL_OUTPUT = 1_024;
