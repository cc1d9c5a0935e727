/**
 * Most bytes of one payload. Temporal refuses a payload of 2 MB, and a workflow that sends one fails its workflow task for ever. So
 * everything a run sends to Temporal is measured by `encodedBytes` and kept below this; each writer documents what it leaves out first.
 */
export const PAYLOAD_BUDGET = 1_400_000;

/** Most bytes of errors and outputs that a run keeps in addition to its tasks' statuses; see `scheduling/run/kept-details.ts`. */
export const DETAIL_BUDGET = 1_100_000;

/** Most bytes of a config that is carried to the next execution; a larger one is read from the database there. */
export const CARRIED_CONFIG = 300_000;

/** Most bytes of a config that must be carried because the database does not keep it whole; the smallest state still fits next to it. */
export const CARRIED_INLINE = 900_000;

/** An output of more bytes than this is left out before smaller ones. */
export const SMALL_OUTPUT = 1_024;
