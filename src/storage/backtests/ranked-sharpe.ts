/** SQL for the Sharpe ratio by which a backtest may be ranked: null where it has none or rests on too little. `column` holds its metrics. */
export const rankedSharpeSql = (column: string): string =>
  `(case when ${column}->'weak' ? 'sharpe' then null else (${column}->>'sharpe')::float8 end)`;
