"""The liquidation ladder as the exchange climbs it: the book, the backstop, and what is left for others to bear."""

from __future__ import annotations

from solvent import load_venue
from solvent.account import Position, Regime
from solvent.arithmetic import ONE, ZERO, absolute, both, either, maximum, negate, total, where
from solvent.exchange import (
    AllocateShortfall,
    Depth,
    Exchange,
    LendingPool,
    LiquidateOnBook,
    Market,
    Member,
    SpotMarket,
    TakeOver,
    WriteOff,
)
from solvent.exchange.margin import pool_of_market
from solvent.prove.theorem import Family, Part, theorem
from solvent.regimes.dexes import simple_pool
from solvent.rules import deleveraging, liquidation, perp, trading
from solvent.rules.kinds import Tier


def liquidated(given):
    """An account with a BTC position to be liquidated and an ETH position, in the regime of the column, and a book."""
    regime = given.regime or Regime.CROSS
    alone, shared = regime is Regime.ISOLATED, regime in (Regime.UNIFIED, Regime.PORTFOLIO)
    size, balance = given.number("size", "4"), given.number("balance", "-397000")
    other = given.number("size of the other position", "-0.1")
    depth = Depth(spread=given.number("spread", "0.001"), width=given.number("depth width", "100000000"))

    def market(name, mark, holder, depth):
        prices = dict.fromkeys(("mark", "oracle", "previous_mark", "previous_oracle"), mark)
        return Market(
            name=name, depth=depth, step="0.00001", holders={"trader": holder, "book": -holder}, **prices
        )

    def position(name, held, raw=None):
        return Position(market=name, size=held, leverage=10, raw=raw)

    trader = Member(
        name="trader",
        mode=Regime.CROSS if alone else regime,
        raw={"": ZERO if alone or shared else balance},
        spot={"USDC": balance} if shared else {},
        positions={"BTC": position("BTC", size, balance if alone else None), "ETH": position("ETH", other)},
        supplied={"HYPE": given.number("collateral", "10")} if regime is Regime.PORTFOLIO else {},
    )
    book = Member(
        name="book", raw={"": ZERO}, positions={"BTC": position("BTC", -size), "ETH": position("ETH", -other)}
    )
    marks = given.number("mark price", "100000"), given.number("mark price of the other market", "4000")
    markets = [market("BTC", marks[0], size, depth), market("ETH", marks[1], other, Depth())]
    pools = {"HYPE": LendingPool(token="HYPE")} if regime is Regime.PORTFOLIO else {}
    given.assume(
        "prices are above zero, and the book has a depth", both(marks[0] > 0, marks[1] > 0, depth.width > 0)
    )
    given.assume("both positions are open", both(either(size > 0, size < 0), either(other > 0, other < 0)))
    return Exchange(
        venue=given.venue or load_venue("hyperliquid-beta"),
        markets={m.name: m for m in markets},
        spots={"HYPE": SpotMarket(token="HYPE", price=given.number("collateral price", "40"))},
        members={
            m.name: m
            for m in (trader, book, Member(name="vault", raw={"": given.number("cash of the vault", "1000")}))
        },
        pools=pools,
    )


def pool_behind(exchange, name):
    """The margin pool of this name of the liquidated account; an empty one where its last position is closed."""
    pools = {pool.name: pool for pool in exchange.assess("trader").pools}
    return pools.get(name, simple_pool(name, ZERO, ZERO, ()))


ON_BOOK = LiquidateOnBook(account="trader", market="BTC")
TAKEOVER = TakeOver(account="trader", market="BTC")


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    why="The docs promise liquidations without a fee; what the theorems here take for the cost is what the action takes.",
)
def an_order_of_a_liquidation_costs_its_slippage_and_nothing_else(given):
    """Liquidating on the book takes the order's notional times its slippage from the pool, and turns no position over."""
    before = liquidated(given)
    after, size = ON_BOOK.apply(before), ON_BOOK.size(before)
    market = before.markets["BTC"]
    was = pool_of_market(before, "trader", "BTC")
    slippage = trading.book_slippage(market.depth.spread, size * market.mark, market.depth.width)
    now = pool_behind(after, was.name)
    held, left = before.members["trader"].size("BTC"), after.members["trader"].size("BTC")
    costs = now.resources == liquidation.equity_after_close(was.resources, size, market.mark, slippage)
    return [
        Part("a long", both(costs, left >= 0, left < held), when=held > 0),
        Part("a short", both(costs, held < left, left <= 0), when=held < 0),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.ISOLATED,),
    general=False,
    why="A fifth of a large position is liquidated in order to spare the rest; given back pro rata, no part would help.",
)
def liquidating_a_part_of_an_isolated_position_at_the_mark_lowers_its_ratio(given):
    """Liquidating a part of a solvent isolated position on the book, at the mark price, lowers its margin ratio."""
    before = liquidated(given)
    after = ON_BOOK.apply(before)
    was, now = pool_behind(before, "BTC"), pool_behind(after, "BTC")
    market, held = before.markets["BTC"], before.members["trader"].size("BTC")
    given.assume("BTC stands at 100 000 USD", market.mark == 100_000)
    given.assume(
        "the order trades at the mark price", both(market.depth.spread == 0, market.depth.width >= 10**15)
    )
    given.assume("a part of a long is liquidated", both(held > 2, ON_BOOK.size(before) < held))
    given.assume("the position is small before the depth of the book", held <= 10_000)
    given.assume(
        "it is liquidatable, with half of its requirement left",
        both(was.liquidatable, was.resources * 2 >= was.requirement),
    )
    return now.ratio.numerator * was.ratio.denominator < was.ratio.numerator * now.ratio.denominator


@theorem(
    Family.LIQUIDATION,
    why="a vault that takes over what it cannot carry spreads the loss to its owners.",
)
def a_takeover_leaves_the_account_flat_and_the_vault_no_poorer_at_the_mark(given):
    """A takeover of a pool that is not bankrupt leaves nothing of it with the account, and the vault no poorer at the mark.

    The vault has all of the margin; of a portfolio account what is above zero, the rest is owed against its collateral.
    """
    before = liquidated(given)
    after = TAKEOVER.apply(before)
    pool = pool_of_market(before, "trader", "BTC")
    given.assume("the pool is not bankrupt", negate(pool.bankrupt))
    worth = [value_of(exchange, "vault") for exchange in (before, after)]
    flat = both(*(after.members["trader"].size(market) == 0 for market in pool.members))
    gained = worth[1] - worth[0]
    owes = given.regime is Regime.PORTFOLIO
    margin = maximum(ZERO, value_of(before, "trader")) if owes else pool.resources
    return [
        Part("the account is flat", flat),
        Part("the vault is no poorer", gained >= 0),
        Part("and has all of the margin", gained == margin),
        Part(
            "which the account gives up",
            gained == value_of(before, "trader") - value_of(after, "trader"),
        ),
    ]


def value_of(exchange, name):
    """What an account has in the quote token, positions at the mark price."""
    member = exchange.members[name]
    margins = [ZERO if p.raw is None else p.raw for p in member.positions.values()]
    perps = total(p.size * exchange.markets[p.market].mark for p in member.positions.values())
    return total([*member.spot.values(), *member.raw.values(), *member.deficit.values(), *margins]) + perps


def owing(given):
    """An account without positions that owes more than it has, with a vault that may hold a position, and a treasury."""
    short, deficit = given.number("overdrawn", "-40"), given.number("owed of isolated positions", "-10")
    cash, size, mark = (
        given.number("cash of the vault", "30"),
        given.number("size of the vault", "1"),
        given.number("mark price", "100"),
    )
    given.assume("the vault holds a position", size > 0)
    regime = given.regime if given.regime in (Regime.UNIFIED, Regime.PORTFOLIO) else Regime.CROSS
    shared = regime is not Regime.CROSS
    prices = dict.fromkeys(("mark", "oracle", "previous_mark", "previous_oracle"), mark)
    trader = Member(
        name="trader",
        mode=regime,
        spot={"USDC": short} if shared else {},
        raw={"": ZERO if shared else short},
        deficit={"": deficit},
    )
    vault = Member(
        name="vault", raw={"": cash}, positions={"BTC": Position(market="BTC", size=size, leverage=10)}
    )
    return Exchange(
        venue=given.venue or load_venue("hyperliquid-beta"),
        markets={"BTC": Market(name="BTC", holders={"vault": size}, **prices)},
        members={"trader": trader, "vault": vault},
        treasury={"USDC": given.number("treasury")},
    )


@theorem(
    Family.LIQUIDATION,
    why="a shortfall that nobody is assigned stays in the books, or is paid twice.",
)
def a_shortfall_is_allocated_exactly_once(given):
    """Allocating a shortfall leaves the account owing nothing, and vault and treasury together poorer by exactly what it owed.

    The vault pays first and only from its equity beyond its own maintenance margin; the treasury bears the rest.
    """
    before, action = owing(given), AllocateShortfall(account="trader")
    given.assume("the account owes something", action.allowed(before))
    after = action.apply(before)
    owed = action.deficit(before) + action.overdrawn(before)
    paid = [
        value_of(before, "vault") - value_of(after, "vault"),
        before.treasury["USDC"] - after.treasury["USDC"],
    ]
    (free,) = (p.available for p in before.assess("vault").pools)
    return [
        Part("nothing is left", both(action.deficit(after) == 0, action.overdrawn(after) == 0)),
        Part("what was owed is borne", both(paid[0] + paid[1] == owed, paid[0] >= 0, paid[1] >= 0)),
        Part("the vault keeps its maintenance margin", paid[0] <= maximum(ZERO, free)),
        Part("the treasury comes last", either(paid[1] == 0, paid[0] == maximum(ZERO, free))),
        Part("and not again", negate(action.allowed(after))),
    ]


@theorem(
    Family.LIQUIDATION,
    why="a liquidation that goes on and on in small orders sets the price that it sells at.",
)
def orders_to_the_book_end_after_finitely_many_steps(given):
    """Every order of a liquidation closes at least one whole size step and never more than the position, so orders end.

    Ranking: the size steps left. Within the cooldown the rest goes whole, so a position is gone in two orders; orders
    that wait for the end of the cooldown leave at most 1 - k/2 of a large position each (k, the partial share).
    """
    whole, mark, step = given.number("size"), given.number("mark price"), given.number("size step")
    large, share = given.parameter("partial_from"), given.parameter("partial_share")
    span, now, last = (
        given.parameter("partial_cooldown"),
        given.number("now"),
        given.number("last partial liquidation"),
    )
    given.side("the part is a fraction", both(share > 0, share <= 1))
    given.assume("the position is at least one size step", both(step > 0, whole >= step))
    given.assume(
        "the part of the smallest large position is at least two size steps", share * large >= 2 * step * mark
    )
    given.assume("the mark price is above zero", mark > 0)
    cooling = liquidation.cooling_down(now, last, span * 1000)
    sent = liquidation.book_size(whole, mark, large, share, cooling, step)
    return [
        Part("at least a step", sent >= step),
        Part("at most all", sent <= whole),
        Part("a large one shrinks by half a part", whole - sent <= whole * (1 - share / 2)),
        Part("whole within the cooldown", sent == whole, when=both(now >= last, now < last + span * 1000)),
        Part("whole where it is small", sent == whole, when=whole * mark <= large),
    ]


def flat(rate):
    """A margin table of one tier."""
    return [Tier(ZERO, ONE, rate, ZERO)]


def after_a_gap(given, rate, slippage):
    """The equity and the requirement of an account at the old mark, and its equity once all is closed after a gap."""
    size, cash, gap = given.number("size", "100"), given.number("balance", "-95"), given.number("gap", "0.03")
    rest, lost = (
        given.number("requirement of the other legs", "0"),
        given.number("loss and closing cost of the other legs", "0"),
    )
    given.assume("the other legs lose at most their requirement", lost <= rest)
    price = ONE - where(size > 0, gap, -gap)
    equity = perp.perp_equity(cash, [size], [ONE])
    due = rest + perp.maintenance_margin(perp.notional(size, ONE), flat(rate))
    left = perp.perp_equity(cash, [size], [price]) - lost
    return equity, due, liquidation.equity_after_close(left, absolute(size), price, slippage)


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.ISOLATED, Regime.CROSS, Regime.UNIFIED),
    why="The one number that a risk team needs of a maintenance rate: which gap it survives, liquidation cost included.",
)
def within_the_gap_budget_the_ladder_leaves_equity_and_beyond_it_does_not(given):
    """An account that was not liquidatable has equity left after a gap and the closing of everything, exactly within a budget.

    A long: g + c * (1 - g) <= r, so g <= (r - c) / (1 - c). A short: g + c * (1 + g) <= r, so g <= (r - c) / (1 + c).
    With more legs each keeps its own budget; beyond it an account of one leg at the trigger ends below zero.
    """
    rate, slippage = given.number("maintenance rate", "0.05"), given.number("slippage", "0.01")
    size, gap = given.number("size", "100"), given.number("gap", "0.03")
    equity, due, left = after_a_gap(given, rate, slippage)
    given.assume("the account was not liquidatable", negate(perp.liquidatable(equity, due)))
    alone = both(
        equity == due,
        due == rate * absolute(size),
        given.number("loss and closing cost of the other legs", "0") == 0,
    )
    long, short = gap + slippage * (1 - gap) <= rate, gap + slippage * (1 + gap) <= rate
    return [
        Part("a long within it", left >= 0, when=both(size > 0, long)),
        Part("a short within it", left >= 0, when=both(size < 0, short)),
        Part("a long beyond it", left < 0, when=both(size > 0, negate(long), alone)),
        Part("a short beyond it", left < 0, when=both(size < 0, negate(short), alone)),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.ISOLATED, Regime.CROSS, Regime.UNIFIED),
    why="whether the vault or the winning traders pay is decided by the size of one price step.",
)
def between_the_trigger_and_bankruptcy_the_backstop_has_a_known_room(given):
    """From the trigger of a long, a fall by g makes the backstop due exactly beyond r * (1 - f) / (1 - f * r), and bankrupt beyond r.

    r is the maintenance rate and f the backstop's fraction. A single price step of more than r passes the backstop
    and goes to auto-deleveraging.
    """
    rate, fraction, gap = (
        given.number("maintenance rate"),
        given.parameter("backstop_fraction"),
        given.number("gap"),
    )
    size, cash = given.number("size"), given.number("balance")
    given.assume("the account is one long", size > 0)
    given.assume("the account stands at the trigger", perp.perp_equity(cash, [size], [ONE]) == rate * size)
    equity = perp.perp_equity(cash, [size], [1 - gap])
    due = perp.maintenance_margin(perp.notional(size, 1 - gap), flat(rate))
    return [
        Part(
            "backstop",
            liquidation.backstop_due(equity, due, fraction)
            == (gap * (1 - fraction * rate) > rate * (1 - fraction)),
        ),
        Part("bankruptcy", deleveraging.deleveraging_due(equity) == (gap > rate)),
    ]


@theorem(
    Family.LIQUIDATION,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    why="bad debt of a lending pool that nobody wrote off, or that suppliers paid although there was a reserve.",
)
def a_loan_that_nobody_pays_is_borne_exactly_once(given):
    """Writing a loan off takes exactly the loan off reserve and suppliers together, and suppliers pay only beyond the reserve."""
    shares, index = given.number("debt shares", "100"), given.number("debt index", "1.2")
    pool = LendingPool(
        token="USDC",
        cash=given.number("cash", "0"),
        supply_shares=given.number("supply shares", "130"),
        debt_shares=shares + given.number("debt shares of others", "10"),
        supply_index=given.number("supply index", "1"),
        debt_index=index,
        reserve=given.number("reserve", "2"),
    )
    given.assume("the pool's books balance", pool.cash + pool.borrowed == pool.supplied + pool.reserve)
    given.assume(
        "cash, reserve and the loans of others are not below zero",
        both(pool.cash >= 0, pool.reserve >= 0, pool.debt_shares >= shares),
    )
    given.assume(
        "there is a loan, and there are suppliers",
        both(shares > 0, index > 0, pool.supply_shares > 0, pool.supply_index > 0),
    )
    regime = given.regime or Regime.CROSS
    member = Member(name="trader", mode=regime, borrowed={"USDC": shares})
    before = Exchange(
        venue=given.venue or load_venue("hyperliquid-beta"), members={"trader": member}, pools={"USDC": pool}
    )
    action = WriteOff(account="trader", token="USDC")
    after = action.apply(before)
    left, loan, unit = after.pools["USDC"], shares * index, before.venue.parameters.index_unit
    paid = pool.supplied - left.supplied
    return [
        Part("the loan is borne", (pool.supplied + pool.reserve) - (left.supplied + left.reserve) == loan),
        Part("books still balance", left.cash + left.borrowed == left.supplied + left.reserve),
        Part(
            "suppliers pay what the reserve lacks",
            absolute(paid - maximum(ZERO, loan - pool.reserve)) <= unit * pool.supply_shares,
        ),
        Part("suppliers keep a claim", left.supply_index >= 0),
        Part("once", both(action.allowed(before), negate(action.allowed(after)))),
    ]
