/**
 * Formulas of a taker's fee for `size` units at price `p`, by the names that stored schedules, catalogues and `--fee-model` use. Each has
 * the name of the venue that published it first; other venues use the same ones.
 * - `product`: size·rate·(p(1 − p))^exponent
 * - `lesser`: size·rate·min(p, 1 − p)
 * - `notional`: size·p·rate
 */
export const FEE_FORMULAS = { flat: 'notional', polymarket: 'product', predict: 'lesser' } as const;

export type FeeModelName = keyof typeof FEE_FORMULAS;

/** Names of all models. */
export const FEE_MODELS = Object.keys(FEE_FORMULAS) as readonly FeeModelName[];
/** The only model whose formula has an exponent. */
export const EXPONENT_MODEL = FEE_MODELS.find((model) => FEE_FORMULAS[model] === 'product');
/** The models of probabilities. */
export const CURVED_MODELS = FEE_MODELS.filter((model) => model !== 'flat');
