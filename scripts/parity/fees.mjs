import { built, json } from './reference.mjs';
import { equal } from './table.mjs';

/** Polymarket's fees, by the vectors of nautilus_trader and prediction-market-backtesting. */
export async function feeCases() {
  const { productFees } = await built('market/fees.js');
  const { polymarket, polymarket_bps_variant: basisPoints } = json('kalshi-polymarket-fees/expected.json');
  const taker = polymarket.taker.map(({ qty, px, rate, fee }) =>
    equal(`${qty} at ${px}, rate ${rate}`, productFees(Number(rate)).fee(Number(qty), Number(px)), Number(fee)),
  );
  const variant = basisPoints.cases
    .filter(({ fee }) => fee !== undefined)
    .map(({ qty, px, bps, fee }) => equal(`${qty} at ${px}, ${bps} basis points`, productFees(bps / 10_000).fee(qty, px), fee));
  return [
    {
      title: 'Polymarket fees',
      about: 'size·rate·p(1 − p), rounded half up to 0.00001; rates are the market’s own, as of the trade.',
      rows: [...taker, ...variant],
    },
  ];
}
