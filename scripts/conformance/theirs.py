"""Reads rows of venues' answers with the venues' own clients: a JSON line in, a JSON line out, for `npm run conformance`."""
import json
import math
import sys
from datetime import timezone
from importlib import metadata


def number(value):
    """A decimal as text, so that nothing is rounded on the way; null where there is none, and text for what JSON lacks."""
    if value is None:
        return None
    as_float = float(value)
    return as_float if math.isfinite(as_float) else str(value)


def epoch_ms(value):
    if value is None:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return round(value.timestamp() * 1000)


def polymarket():
    from polymarket.models.clob.order_book import OrderBook
    from polymarket.models.data.activity import Trade
    from polymarket.models.data.analytics import PriceHistoryPoint
    from polymarket.models.data.resolutions import Resolution
    from polymarket.models.gamma.market import Market

    def market(row):
        read = Market.parse_response(row)
        outcomes = [read.outcomes.yes, read.outcomes.no]
        ids = [each.position_id if read.version == "v2" else each.token_id for each in outcomes]
        fees = read.trading.fee_schedule
        return {
            "id": read.condition_id,
            "slug": read.slug,
            "title": read.question,
            "outcomes": [each.label for each in outcomes],
            "outcomeIds": ids,
            "closed": read.state.closed,
            "endsAt": epoch_ms(read.state.end_date),
            "closedAt": epoch_ms(read.state.closed_time) if read.state.closed else None,
            "tickSize": number(read.trading.minimum_tick_size),
            "feeRate": number(fees.rate) if fees else (0 if read.trading.fees_enabled is False else None),
            "feeExponent": number(fees.exponent) if fees else None,
            "event": read.events[0].slug if read.events else None,
            "volume": number(read.metrics.volume_num if read.metrics.volume_num is not None else read.metrics.volume),
            "prices": [number(each.price) for each in outcomes],
        }

    def trade(row):
        read = Trade.parse_response(row)
        return {
            "token": read.asset_id,
            "side": read.side.lower(),
            "price": number(read.price),
            "size": number(read.size),
            "time": epoch_ms(read.timestamp),
            "outcome": read.outcome,
            "wallet": read.wallet,
            "transaction": read.transaction_hash,
        }

    def point(row):
        read = PriceHistoryPoint.parse_response(row)
        return {"time": epoch_ms(read.timestamp), "price": number(read.price), "grain": read.resolution_seconds}

    def record(row):
        read = Resolution.parse_response(row)
        return {
            "id": read.condition_id,
            "resolved": read.status == "resolved",
            "payout": number(read.payouts[0]) if read.payouts else None,
            "price": number(read.price) if read.status == "resolved" else None,
            "at": epoch_ms(read.resolved_at or read.last_updated_at),
        }

    def book(row):
        read = OrderBook.parse_response(row)
        bids = [number(each.price) for each in read.bids]
        asks = [number(each.price) for each in read.asks]
        return {"bid": max(bids, default=None), "ask": min(asks, default=None), "at": epoch_ms(read.timestamp)}

    return {"market": market, "trade": trade, "point": point, "record": record, "book": book}


def kalshi():
    from kalshi_python_sync.models.event_data import EventData
    from kalshi_python_sync.models.get_market_orderbook_response import GetMarketOrderbookResponse
    from kalshi_python_sync.models.market import Market
    from kalshi_python_sync.models.series import Series
    from kalshi_python_sync.models.trade import Trade

    def market(row):
        read = Market.model_validate(row)
        closed = read.status in ("closed", "determined", "disputed", "amended", "finalized")
        stated = {"yes": 1, "no": 0}.get(read.result)
        if read.result == "scalar":
            stated = number(read.settlement_value_dollars)
        return {
            "id": read.ticker,
            "event": read.event_ticker,
            "opensAt": epoch_ms(read.open_time),
            "closeTime": epoch_ms(read.close_time),
            "endsAt": epoch_ms(read.latest_expiration_time),
            "closed": closed,
            "payout": stated if closed else None,
            "settledAt": epoch_ms(read.settlement_ts),
        }

    def trade(row):
        read = Trade.model_validate(row)
        return {
            "id": read.trade_id,
            "ticker": read.ticker,
            "price": number(read.yes_price_dollars),
            "size": number(read.count_fp),
            "taker": read.taker_outcome_side,
            "time": epoch_ms(read.created_time),
            "block": read.is_block_trade,
        }

    def series(row):
        read = Series.model_validate(row)
        return {"id": read.ticker, "feeType": read.fee_type, "feeMultiplier": number(read.fee_multiplier)}

    def event(row):
        read = EventData.model_validate(row)
        return {"id": read.event_ticker, "series": read.series_ticker, "exclusive": read.mutually_exclusive, "title": read.title}

    def book(row):
        read = GetMarketOrderbookResponse.model_validate(row).orderbook_fp
        yes = [number(level[0]) for level in read.yes_dollars]
        no = [number(level[0]) for level in read.no_dollars]
        return {"bid": max(yes, default=None), "noBid": max(no, default=None)}

    return {"kalshi market": market, "kalshi trade": trade, "kalshi series": series, "kalshi event": event, "kalshi book": book}


def places(error):
    """Fields of which a client complains: pydantic names them, other errors only have a text."""
    seen = error
    while seen is not None:
        if hasattr(seen, "errors"):
            return [".".join(str(part) for part in each["loc"]) or "$" for each in seen.errors()], str(seen)
        seen = seen.__cause__
    return ["$"], str(error)


CLIENTS = {"polymarket-client": ("polymarket", polymarket), "kalshi-python-sync": ("kalshi_python_sync", kalshi)}


def main():
    readers = {}
    versions = {}
    for package, (_, load) in CLIENTS.items():
        try:
            readers.update(load())
            versions[package] = metadata.version(package)
        except ImportError as error:
            versions[package] = f"missing: {error}"
    print(json.dumps({"versions": versions, "routes": sorted(readers)}))
    for line in sys.stdin:
        asked = json.loads(line)
        read = readers.get(asked["route"])
        if read is None:
            print(json.dumps({"missing": True}))
            continue
        try:
            print(json.dumps({"fields": read(asked["row"])}))
        except Exception as error:
            where, said = places(error)
            print(json.dumps({"refused": where, "said": said[:400]}))


main()
