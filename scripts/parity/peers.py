"""Runs installed peers on the cases of a JSON file, and prints their results as JSON: what `npm run parity -- --random` compares with."""
import json
import math
import sys
import warnings

warnings.filterwarnings("ignore")


def clean(value):
    """JSON knows neither NaN nor infinity."""
    if isinstance(value, (list, tuple)):
        return [clean(one) for one in value]
    number = float(value)
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def with_version(name):
    from importlib import metadata

    return metadata.version(name)


def backtesting(cases):
    import pandas as pd
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover

    def average(values, period):
        return pd.Series(values).rolling(period).mean()

    results = []
    for case in cases:

        class Cross(Strategy):
            def init(self):
                self.quick = self.I(average, self.data.Close, case["fast"])
                self.steady = self.I(average, self.data.Close, case["slow"])

            def next(self):
                if crossover(self.quick, self.steady):
                    self.position.close()
                    self.buy()
                elif crossover(self.steady, self.quick):
                    self.position.close()
                    if case["side"] == "both":
                        self.sell()

        data = pd.DataFrame(
            {"Open": case["open"], "High": case["high"], "Low": case["low"], "Close": case["close"], "Volume": case["volume"]},
            index=pd.to_datetime(case["openTime"], unit="ms"),
        )
        stats = Backtest(data, Cross, cash=case["cash"], commission=case["fee"], finalize_trades=True).run()
        trades = stats["_trades"].sort_values(["EntryBar", "ExitBar"])
        columns = {"size": "Size", "entryBar": "EntryBar", "exitBar": "ExitBar", "entryPrice": "EntryPrice", "exitPrice": "ExitPrice", "pnl": "PnL"}
        results.append(
            {
                **{ours: clean(trades[theirs].tolist()) for ours, theirs in columns.items()},
                "equity": clean(stats["_equity_curve"]["Equity"].tolist()),
            }
        )
    return {"version": with_version("backtesting"), "results": results}


def vectorbt(cases):
    import pandas as pd
    import vectorbt as vbt

    results = []
    for case in cases:
        index = pd.to_datetime(case["openTime"], unit="ms")
        close = pd.Series(case["close"], index=index)
        quick, steady = close.rolling(case["fast"]).mean(), close.rolling(case["slow"]).mean()
        above = (quick.shift(1) < steady.shift(1)) & (quick > steady)
        below = (quick.shift(1) > steady.shift(1)) & (quick < steady)
        portfolio = vbt.Portfolio.from_signals(
            close,
            above.shift(1, fill_value=False),
            below.shift(1, fill_value=False),
            price=pd.Series(case["open"], index=index),
            init_cash=case["cash"],
            fees=case["fee"],
            direction="longonly",
            freq="1h",
        )
        results.append({"equity": clean(portfolio.value().tolist())})
    return {"version": with_version("vectorbt"), "results": results}


def empyrical(cases):
    import empyrical as ep
    import numpy as np

    results = []
    for case in cases:
        returns = np.array(case["returns"])
        year = {"annualization": 252}
        results.append(
            {
                "sharpe": clean(ep.sharpe_ratio(returns, **year)),
                "sortino": clean(ep.sortino_ratio(returns, **year)),
                "volatility": clean(ep.annual_volatility(returns, **year)),
                "maxDrawdown": clean(ep.max_drawdown(returns)),
                "cagr": clean(ep.annual_return(returns, **year)),
                "calmar": clean(ep.calmar_ratio(returns, **year)),
                "totalReturn": clean(ep.cum_returns_final(returns)),
            }
        )
    return {"version": with_version("empyrical-reloaded"), "results": results}


def talib(cases):
    import numpy as np
    import talib as ta

    results = []
    for case in cases:
        high, low, close = (np.array(case[name]) for name in ("high", "low", "close"))
        period = case["period"]
        upper, middle, lower = ta.BBANDS(close, period, 2, 2)
        results.append(
            {
                "sma": clean(ta.SMA(close, period).tolist()),
                "ema": clean(ta.EMA(close, period).tolist()),
                "rsi": clean(ta.RSI(close, period).tolist()),
                "roc": clean(ta.ROC(close, period).tolist()),
                "stddev": clean(ta.STDDEV(close, period).tolist()),
                "atr": clean(ta.ATR(high, low, close, period).tolist()),
                "bollinger upper": clean(upper.tolist()),
                "bollinger lower": clean(lower.tolist()),
                "donchian upper": [None] + clean(ta.MAX(high, period).tolist())[:-1],
                "donchian lower": [None] + clean(ta.MIN(low, period).tolist())[:-1],
            }
        )
    return {"version": with_version("TA-Lib"), "results": results}


PEERS = {"backtesting": backtesting, "vectorbt": vectorbt, "empyrical": empyrical, "talib": talib}

with open(sys.argv[1], encoding="utf8") as file:
    asked = json.load(file)
answer = {}
for name, peer in PEERS.items():
    try:
        answer[name] = peer(asked[name])
    except ImportError as error:
        answer[name] = {"missing": str(error)}
print(json.dumps(answer))
