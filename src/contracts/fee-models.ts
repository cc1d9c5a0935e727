/**
 * Formulas of a taker's fee for `size` units at price `p`, by fee model. Stored fee schedules, catalogues and `--fee-model` use the names
 * of the models: `flat`, and the venues that published a formula first. Other venues use the same formulas.
 * - `product`: size·rate·(p(1 − p))^exponent
 * - `lesser`: size·rate·min(p, 1 − p)
 * - `notional`: size·p·rate
 */
export const FEE_FORMULAS = { flat: 'notional', polymarket: 'product', predict: 'lesser' } as const;

export type FeeModelName = keyof typeof FEE_FORMULAS;

/** Names of all fee models. */
export const FEE_MODELS = Object.keys(FEE_FORMULAS) as readonly FeeModelName[];
/** Name of the only fee model whose formula has an exponent. */
export const EXPONENT_MODEL = FEE_MODELS.find((model) => FEE_FORMULAS[model] === 'product');
/** Names of the fee models for probabilities, whose fee depends on both p and 1 − p. */
export const CURVED_MODELS = FEE_MODELS.filter((model) => model !== 'flat');
