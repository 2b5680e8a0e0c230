"""Prices: what one wrong source, one late source and one batch of updates can do."""

from __future__ import annotations

from solvent import load_venue
from solvent.account import Position, Regime
from solvent.arithmetic import ONE, ZERO, absolute, both, either, negate, total
from solvent.exchange import Exchange, LendingPool, Market, Member, MovePrices, SpotMarket
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import borrow_liquidation, numbers, perp, portfolio, unified
from solvent.rules.kinds import Tier

EXAMPLE = "hyperliquid-beta"
SOURCES = ("first source", "second source", "third source")


def medians(given, sources):
    """Each price that is a median of three, of these sources."""
    basis, usdt = given.number("basis", "0.5"), given.number("price of USDT", "1")
    first, second, third = sources
    return {
        "mark price": numbers.mark_price(first - basis, basis, second, third),
        "book price": numbers.book_price(first, second, third),
        "borrow oracle price": numbers.borrow_oracle_price(first, second / usdt, third / usdt, usdt),
    }


def honest_range(given):
    """The lowest and the highest price that an honest source may state."""
    return given.number("lowest honest price", "99"), given.number("highest honest price", "101")


def within(price, low, high):
    """Whether a price lies in a range, its ends included."""
    return both(price >= low, price <= high)


def despite_liars(given, liars):
    """Every median of three lies in the range of the honest sources, however wrong the liars are."""
    low, high = honest_range(given)
    given.assume("USDT has a price above zero", given.number("price of USDT") > 0)
    sources = [given.number(name, "100") for name in SOURCES]
    parts = []
    for kind, price in medians(given, sources).items():
        for place in range(3):
            lying = {(place + step) % 3 for step in range(liars)}
            honest = both(*(within(s, low, high) for i, s in enumerate(sources) if i not in lying))
            names = " and ".join(SOURCES[i] for i in sorted(lying))
            parts.append(Part(f"{kind}, {names} wrong", within(price, low, high), when=honest))
    return parts


@theorem(
    Family.PRICES,
    why="On 2025-10-10 one venue's own price of a stable coin liquidated accounts that were whole.",
)
def a_median_of_three_survives_any_one_liar(given):
    """Mark, book and borrow oracle price lie between honest sources while two of their three inputs are honest."""
    return despite_liars(given, 1)


@theorem(
    Family.PRICES,
    why="In 2022 a price from three thin markets was moved in all of them by one buyer.",
    false=True,
    repair="take sources that no one party can move together",
)
def a_median_of_three_survives_two_liars(given):
    """Mark, book and borrow oracle price lie between honest sources while one of their three inputs is honest."""
    return despite_liars(given, 2)


@theorem(
    Family.PRICES,
    why="A feed that failed to zero closed longs at zero in January 2026.",
    false=True,
    repair="take the median",
)
def a_mean_of_three_survives_any_one_liar(given):
    """The mean of three sources lies between the honest ones while two are honest."""
    low, high = honest_range(given)
    sources = [given.number(name) for name in SOURCES]
    given.assume("two are honest", both(*(within(source, low, high) for source in sources[:2])))
    given.assume("the third states a price, and the others one above zero", both(sources[2] >= 0, low > 0))
    return within(total(sources) / 3, low, high)


def weighed(given, liars=2):
    """The claim about a weighted median of sources, so many of which may be wrong and one more is honest; the weights."""
    low, high = honest_range(given)
    places = range(1, 2 * liars + 2)
    prices = [given.number(f"price {place}", "100") for place in places]
    weights = [given.number(f"weight {place}", "1") for place in places]
    given.assume("weights are not negative", both(*(weight >= 0 for weight in weights)))
    honest = prices[: liars + 1]
    given.assume(
        "the first ones, more than half, are honest", both(*(within(price, low, high) for price in honest))
    )
    return within(numbers.weighted_median(prices, weights), low, high), weights


@theorem(
    Family.PRICES,
    strength="n <= 5",
    why="How much weight one venue may have in an oracle price: less than half.",
)
def a_weighted_median_survives_liars_of_less_than_half_the_weight(given):
    """A weighted median lies between honest sources while these have more than half of the weight."""
    claim, weights = weighed(given)
    given.assume("honest sources have more than half of the weight", 2 * total(weights[:3]) > total(weights))
    return claim


@theorem(
    Family.PRICES,
    strength="n <= 5",
    why="Half of the weight is the edge: the documented rule takes the lower price there.",
    false=True,
    repair="keep the weight of sources that one party can move below half",
)
def a_weighted_median_survives_liars_of_half_the_weight(given):
    """A weighted median lies between honest sources while these have half of the weight."""
    claim, weights = weighed(given)
    given.assume("there is some weight", total(weights) > 0)
    given.assume("honest sources have half of the weight", 2 * total(weights[:3]) >= total(weights))
    return claim


@theorem(
    Family.PRICES,
    why="The price of USDT enters two of the three inputs of the borrow oracle price.",
    false=True,
    repair="turn only one of the three inputs into USDC by the price of USDT, or bound that price around one",
)
def the_borrow_oracle_price_survives_a_wrong_price_of_usdt(given):
    """The borrow oracle price lies between honest sources whatever the price of USDT is said to be."""
    low, high = honest_range(given)
    spot, mark, oracle = (given.number(name) for name in ("spot price", "mark price", "oracle price"))
    usdt = given.number("price of USDT")
    given.assume(
        "spot, mark and oracle price are honest", both(*(within(p, low, high) for p in (spot, mark, oracle)))
    )
    given.assume("prices are above zero", both(low > 0, usdt > 0))
    return within(numbers.borrow_oracle_price(spot, mark, oracle, usdt), low, high)


@theorem(
    Family.PRICES, why="How much of a wrong price of USDT reaches collateral: all of it, and never more."
)
def the_borrow_oracle_price_moves_by_no_larger_part_than_the_price_of_usdt(given):
    """The borrow oracle price moves by no larger a part than the price of USDT, and in the same direction."""
    names = ("spot price", "mark price", "oracle price", "price of USDT")
    spot, mark, oracle, usdt = (given.number(name, "100") for name in names)
    factor = given.number("factor", "1.01")
    given.assume("prices are above zero", both(*(price > 0 for price in (spot, mark, oracle, usdt))))
    given.assume("USDT rises", factor >= 1)
    before = numbers.borrow_oracle_price(spot, mark, oracle, usdt)
    after = numbers.borrow_oracle_price(spot, mark, oracle, usdt * factor)
    return within(after, before, before * factor)


@theorem(
    Family.PRICES,
    why="A thin book set its own mark in August 2025: shorts that hedged without leverage were liquidated.",
    false=True,
    repair="keep the average so slow that nobody can pay for the book until it follows, or leave the book out of it",
)
def the_mark_price_survives_a_book_that_stays_wrong(given):
    """The mark price lies between honest sources while oracle and outside price are honest, however wrong the book is.

    The book enters twice: as the book price, and through the smoothed basis of book over oracle.
    """
    low, high = honest_range(given)
    oracle, outside, book = (given.number(name) for name in ("oracle price", "outside price", "book price"))
    given.assume(
        "oracle and outside price are honest", both(within(oracle, low, high), within(outside, low, high))
    )
    given.assume("prices are above zero", both(low > 0, book > 0))
    average = numbers.smoothed(ZERO, ONE, ZERO, book - oracle, ONE)
    basis = given.number("smoothed basis")
    given.assume("the average has followed the book", basis * average.denominator == average.numerator)
    return within(numbers.mark_price(oracle, basis, book, outside), low, high)


@theorem(
    Family.PRICES,
    why="What a jump of the book can do to the mark at once: no more than its part of the average.",
)
def a_jump_of_the_book_moves_the_mark_by_its_part_of_the_average_at_most(given):
    """However far the book jumps, the mark price lies between the honest prices and the basis as it has moved so far.

    After one sample the basis has moved by span / (decayed spans + span) of the way to the sample.
    """
    names = ("oracle price", "outside price", "book price", "basis")
    oracle, outside, book, basis = (given.number(name, "100") for name in names)
    spans, span, decay = (given.number(name, "1") for name in ("spans so far", "span", "decay"))
    average = numbers.smoothed(basis * spans, spans, decay, book - oracle, span)
    moved = given.number("moved basis", "100")
    given.assume("the basis follows the average", moved * average.denominator == average.numerator)
    price = numbers.mark_price(oracle, moved, book, outside)
    part = (moved - basis) * (spans * decay + span) == span * (book - oracle - basis)
    between = both(
        either(price <= outside, price <= oracle + moved), either(price >= outside, price >= oracle + moved)
    )
    return [Part("basis", part), Part("mark", between)]


@theorem(Family.PRICES, why="A bound on one update is a bound on what many updates can do, and in what time.")
def a_clamped_mark_moves_by_at_most_the_allowed_part_an_update(given):
    """One update moves a clamped mark by at most the allowed part; what lies within passes as it is.

    By induction n updates move it at most to the first mark times (1 + most) to the power of n.
    """
    names = ("previous mark", "proposed mark", "first mark", "growth so far")
    previous, proposed, first, growth = (given.number(name, "100") for name in names)
    most = given.number("allowed part", "0.01")
    given.assume("the allowed part lies between zero and one", both(most >= 0, most <= 1))
    given.assume("marks are above zero", both(previous > 0, first > 0, growth > 0))
    mark = numbers.clamped_move(previous, proposed, most)
    bounded = absolute(mark - previous) <= most * previous
    return [
        Part("bounded", bounded),
        Part("passes", mark == proposed, when=absolute(proposed - previous) <= most * previous),
        Part("many updates", mark <= first * (growth * (1 + most)), when=previous <= first * growth),
    ]


@theorem(
    Family.PRICES,
    why="In 2022 feeds held a falling coin at their lower bound, and loans were given against it at that price.",
    false=True,
    repair="take no loans and no withdrawals against a price that is at its bound",
)
def a_clamped_mark_never_overstates_what_is_held(given):
    """A clamped mark is never above the price that was proposed."""
    previous, proposed, most = (
        given.number(name) for name in ("previous mark", "proposed mark", "allowed part")
    )
    given.assume("the allowed part lies between zero and one", both(most > 0, most < 1))
    given.assume("marks are above zero", both(previous > 0, proposed > 0))
    return numbers.clamped_move(previous, proposed, most) <= proposed


@theorem(
    Family.PRICES,
    why="The cap of ten times the average was the answer to a squeeze to three times the price in August 2025.",
    false=True,
    repair="let an outside price enter the mark",
)
def the_cap_of_a_hyperp_saves_a_short_without_leverage(given):
    """A short without leverage at the average price is never liquidated on the mark of a hyperp, which is capped."""
    average, size, price = (given.number(name) for name in ("average", "size", "price"))
    given.assume("prices and size are above zero", both(average > 0, size > 0, price > 0))
    mark = numbers.hyperp_mark_cap(price, 10 * ONE, average)
    margin = perp.isolated_margin(2 * size * average, -size, mark)
    rate = perp.maintenance_rate(3 * ONE)
    return negate(perp.liquidatable(margin, perp.notional(-size, mark) * rate))


def carried(given, regime):
    """A hedged account: coins as collateral and a short on them in portfolio mode, a long and a short perp elsewhere."""
    venue = given.venue or load_venue(EXAMPLE)
    size, price = given.number("size", "1"), given.number("earlier price", "40")
    alone, carry = regime is Regime.ISOLATED, regime is Regime.PORTFOLIO
    legs = {"HYPE": -size} if carry else {"HYPE": -size, "BTC": size}
    balances = {
        n: given.number(f"balance of {n}", x) for n, x in {"HYPE": "60", "BTC": "-20"}.items() if alone
    }
    positions = {
        name: Position(market=name, size=leg, leverage=5, entry=price, raw=balances.get(name))
        for name, leg in legs.items()
    }
    member = Member(
        name="account",
        mode=Regime.CROSS if alone else regime,
        raw={"": ZERO if alone else given.number("balance")},
        positions=positions,
        supplied={"HYPE": size} if carry else {},
    )
    same = {"mark": price, "oracle": price, "previous_mark": price, "previous_oracle": price}
    return Exchange(
        venue=venue,
        markets={name: Market(name=name, **same) for name in ("BTC", "HYPE")},
        spots={"HYPE": SpotMarket(token="HYPE", price=price, perp="HYPE")},
        members={"account": member},
        pools={"HYPE": LendingPool(token="HYPE", supply_shares=size)},
    )


def one_leg_first(given, regime):
    """The state where the mark of the short alone has moved; before, and once all prices have followed, all is well."""
    before, price = carried(given, regime), given.number("price", "44")
    stale = {"HYPE": before.markets["HYPE"].oracle}
    halfway = MovePrices(marks={"HYPE": price}, oracles=stale).apply(before)
    after = MovePrices(marks={"BTC": price}, oracles={"HYPE": price}, spots={"HYPE": price}).apply(halfway)
    for state, when in ((before, "before the move"), (after, "after it")):
        given.assume(f"the account is healthy {when}", state.assess("account").healthy)
    return halfway


@theorem(
    Family.PRICES,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    why="Oracle updates that come coin by coin let liquidators take accounts that lost nothing.",
    false=True,
    repair="apply all prices of one instant together, and look at margins only then",
)
def a_hedged_account_survives_prices_that_come_one_by_one(given):
    """A hedged account that is healthy before and after a move of all prices is not liquidatable in between."""
    size, earlier, price = given.number("size"), given.number("earlier price"), given.number("price")
    given.assume("size and prices are above zero", both(size > 0, earlier > 0, price > 0))
    given.assume("prices at most double", price <= 2 * earlier)
    return negate(one_leg_first(given, given.regime or Regime.CROSS).assess("account").liquidatable)


@theorem(Family.PRICES, regimes=(Regime.ISOLATED,), why="Where the order of updates cannot matter, and why.")
def isolated_positions_survive_prices_that_come_one_by_one(given):
    """Isolated positions that are healthy before and after a move of all prices are so in between."""
    return one_leg_first(given, Regime.ISOLATED).assess("account").healthy


@theorem(
    Family.PRICES, regimes=(Regime.PORTFOLIO,), why="Spot is the thinnest of three sources: may it come late?"
)
def a_late_spot_price_does_not_delay_the_borrow_oracle_price(given):
    """Where mark and oracle price move together, the borrow oracle price follows them whatever the spot price says."""
    price, usdt = given.number("price", "50"), given.number("price of USDT", "1")
    hype = {"mark": 40, "oracle": 40, "previous_mark": 40, "previous_oracle": 40}
    before = Exchange(
        venue=given.venue or load_venue(EXAMPLE),
        markets={"HYPE": Market(name="HYPE", **hype)},
        spots={"HYPE": SpotMarket(token="HYPE", price=given.number("spot price", "40"), perp="HYPE")},
        usdt=usdt,
    )
    return MovePrices(marks={"HYPE": price}).apply(before).prices.token("HYPE") == price * usdt


@theorem(
    Family.PRICES,
    regimes=(Regime.ISOLATED, Regime.CROSS, Regime.UNIFIED),
    why="How much margin makes the order of updates harmless.",
)
def one_late_price_liquidates_exactly_who_lacks_the_margin_for_it(given):
    """A leg whose price moves first makes an account liquidatable exactly when its free margin is below the loss and its margin.

    With margin after maintenance a, size s, move d > 0 against the leg and maintenance rate m (of the tier at both
    prices): a short is liquidatable when a < s * d * (1 + m), a long when a < s * d * (1 - m). Other positions, any
    number of them, enter by the sum of their equity and of their maintenance margin.
    """
    rate, size = given.number("maintenance rate", "0.05"), given.number("size", "1")
    equity, rest = given.number("equity", "100"), given.number("maintenance margin of the rest", "10")
    price, move = given.number("price", "100"), given.number("move", "5")
    given.assume("the size is above zero, and prices stay so", both(size > 0, move > 0, move < price))
    table = (Tier(ZERO, ONE, rate, ZERO),)

    def maintenance(at):
        return perp.maintenance_margin(perp.notional(size, at), table)

    free = perp.margin_after_maintenance(equity, maintenance(price) + rest)

    def liquidatable(side, at):
        after = equity + numbers.unrealized_profit(side * size, at, price)
        if given.regime is Regime.UNIFIED:
            needed = [maintenance(at), rest]
            return unified.unified_liquidatable(unified.available_after_maintenance(after, needed, []))
        return perp.liquidatable(after, maintenance(at) + rest)

    return [
        Part("short", liquidatable(-1, price + move) == (free < size * move * (1 + rate))),
        Part("long", liquidatable(1, price - move) == (free < size * move * (1 - rate))),
    ]


def no_lower(given, begin, end, now):
    """What is there on the way is at least its part of what is there at both ends."""
    return now >= begin + given.number("part of the way", "0.5") * (end - begin)


@theorem(
    Family.PRICES,
    why="What a batch of prices may contain: any straight move between two states that are safe.",
)
def margins_that_hold_at_both_ends_of_a_move_hold_on_the_way(given):
    """Where all prices move on a straight line, an account that is safe at both ends is safe everywhere on the way.

    By induction over positions and collateral: margin after maintenance, maintenance margin and support of the rest,
    any number of parts, are on the safe side of the straight line, and stay so with one part more. Prices are those
    that the assessment takes. A way that is not straight, one price before another, may leave what is safe.
    """
    way, begin, end = (given.number(name, "0.5") for name in ("part of the way", "price", "last price"))
    given.assume("the way goes from beginning to end", both(way >= 0, way <= 1))
    prices, size = (begin, end, begin + way * (end - begin)), given.number("size", "1")
    bound, low, high = (
        given.number("second tier from", "1000"),
        given.number("first rate"),
        given.number("second rate"),
    )
    given.assume("rates rise from tier to tier", both(bound > 0, low >= 0, high >= low))
    table = (Tier(ZERO, ONE, low, ZERO), Tier(bound, ONE, high, perp.tier_deduction(ZERO, bound, low, high)))
    margins = [perp.maintenance_margin(perp.notional(size, price), table) for price in prices]
    values = [size * price for price in prices]
    worth = [given.number(f"collateral value {when}") for when in ("first", "last", "on the way")]
    cap, share, amount = given.number("borrow cap"), given.number("threshold"), given.number("amount")
    supports = [
        portfolio.collateral_support([value, amount], [ONE, price], [ONE, share], ONE, cap)
        for value, price in zip(worth, prices, strict=True)
    ]
    steps = [
        Part("a leg's value", no_lower(given, *values)),
        Part("a leg's margin", no_lower(given, *(-margin for margin in margins))),
        Part("support", no_lower(given, *supports), when=no_lower(given, *worth)),
    ]
    return [*steps, *whole_account(given)]


def whole_account(given):
    """By the rule of each regime: an account that is safe at both ends is so on the way."""
    trigger, offset = given.parameter("margin_ratio_trigger"), given.parameter("borrow_offset")
    given.side("the trigger lies above zero and not above one", both(trigger > 0, trigger <= 1))

    def safe(regime, account):
        equity, margin, support, backing = account
        if regime is Regime.UNIFIED:
            return negate(
                unified.unified_liquidatable(unified.available_after_maintenance(equity, [margin], []))
            )
        if regime is Regime.PORTFOLIO:
            ratio = given.rule("PM-RATIO")(margin, equity, ZERO, support, offset)
            due = borrow_liquidation.collateral_liquidatable(given.number("loan"), backing, ONE)
            return negate(either(given.rule("PM-LIQUIDATABLE")(ratio, trigger), due))
        return negate(perp.liquidatable(equity, margin))

    parts = ("equity", "maintenance margin", "support", "collateral at thresholds")
    begin, end, now = (
        tuple(given.number(f"{part} {when}", "10") for part in parts) for when in ("first", "last", "now")
    )
    way = given.number("part of the way", "0.5")
    straight = tuple(a + way * (b - a) for a, b in zip(begin, end, strict=True))
    better = both(now[1] <= straight[1], *(now[i] >= straight[i] for i in (0, 2, 3)))
    found = []
    for regime in Regime if given.regime is None else (given.regime,):
        ends = both(safe(regime, begin), safe(regime, end))
        found.append(Part(f"{regime}, straight", safe(regime, straight), when=ends))
        found.append(Part(f"{regime}, better", safe(regime, now), when=both(safe(regime, straight), better)))
    return found
