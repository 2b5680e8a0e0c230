"""Auto-deleveraging: what it conserves, whom it reaches, and who can be hurt."""

from __future__ import annotations

from attrs import evolve

from solvent import load_venue
from solvent.account import Position, Regime
from solvent.arithmetic import ONE, ZERO, absolute, both, either, maximum, minimum, negate, total, where
from solvent.exchange import Deleverage, Exchange, Market, Member, MovePrices
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import deleveraging, numbers, perp, unified
from solvent.rules.kinds import Tier
from solvent.venue import Venue

EXAMPLE = "hyperliquid-beta"
CLOSE = Deleverage(account="loser", market="BTC", counterparty="winner")


def trader(given, name, size):
    """An account with a position and a balance, which stands for its cash and the value of all else that it has."""
    own = given.number(f"balance of the {name}", "-180000" if name == "loser" else "400000")
    alone = given.regime is Regime.ISOLATED
    entry, margin = given.number(f"entry price of the {name}", "95000"), own if alone else None
    position = Position(market="BTC", size=size, leverage=10, entry=entry, raw=margin)
    mode = Regime.CROSS if alone or given.regime is None else given.regime
    return Member(name=name, mode=mode, raw={"": ZERO if alone else own}, positions={"BTC": position})


def two_sides(given) -> Exchange:
    """A loser and a winner in one market, in the regime of the column; everybody else stays out of the matter."""
    venue: Venue = given.venue or load_venue(EXAMPLE)
    loser, winner = given.number("size of the loser", "2"), given.number("size of the winner", "-3")
    market = Market(
        name="BTC",
        mark=given.number("mark price", "80000"),
        oracle=given.number("oracle price", "80000"),
        previous_mark=given.number("previous mark price", "92000"),
        previous_oracle=given.number("previous oracle price", "92000"),
        holders={"loser": loser, "winner": winner},
    )
    members = [trader(given, "loser", loser), trader(given, "winner", winner)]
    return Exchange(venue=venue, markets={"BTC": market}, members={m.name: m for m in members})


def worth(member, price):
    """What an account has in all, were the mark at this price."""
    margins = [p.raw for p in member.positions.values() if p.isolated]
    cash = total([*member.raw.values(), *member.deficit.values(), *margins])
    return cash + member.size("BTC") * price


def on_each_side(exchange, claim):
    """The claim where the loser is long, and where it is short."""
    loser, winner = exchange.members["loser"].size("BTC"), exchange.members["winner"].size("BTC")
    market, entries = exchange.markets["BTC"], [m.positions["BTC"].entry for m in exchange.members.values()]
    priced = both(*(p > 0 for p in (market.mark, market.previous_mark, market.previous_oracle, *entries)))
    return [
        Part("a long is closed", claim, when=both(priced, loser > 0, winner < 0)),
        Part("a short is closed", claim, when=both(priced, loser < 0, winner > 0)),
    ]


@theorem(
    Family.DELEVERAGING, why="A replay of 2025-10-10 shows each deleveraged contract with its counterparty."
)
def deleveraging_closes_as_much_on_the_winner_as_on_the_loser(given):
    """Deleveraging closes as many contracts of the winner as of the loser, the smaller of both positions."""
    before = two_sides(given)
    after = CLOSE.apply(before)
    closed = {
        name: absolute(m.size("BTC")) - absolute(after.members[name].size("BTC"))
        for name, m in before.members.items()
    }
    smaller = minimum(*(absolute(m.size("BTC")) for m in before.members.values()))
    return on_each_side(before, both(closed["loser"] == closed["winner"], closed["loser"] == smaller))


@theorem(Family.DELEVERAGING, why="Who is closed by force must not wake up on the other side of the market.")
def deleveraging_turns_nobody_to_the_other_side(given):
    """Deleveraging leaves every position on its side or flat, and no larger."""
    before = two_sides(given)
    after = CLOSE.apply(before)

    def shrinks(name):
        was, now = before.members[name].size("BTC"), after.members[name].size("BTC")
        return either(both(was >= now, now >= 0), both(was <= now, now <= 0))

    return on_each_side(before, both(shrinks("loser"), shrinks("winner")))


@theorem(
    Family.DELEVERAGING,
    why="Forced closing may move losses between two accounts, and must not make or lose money.",
)
def deleveraging_conserves_what_both_sides_have_at_any_price(given):
    """What loser and winner have together is the same after deleveraging, at whatever price the market is marked."""
    before, price = two_sides(given), given.number("any price")
    after = CLOSE.apply(before)
    had, have = (total(worth(m, price) for m in e.members.values()) for e in (before, after))
    return on_each_side(before, both(had == have, after.treasury.get("USDC", ZERO) == 0))


@theorem(
    Family.DELEVERAGING,
    why="The forced closing takes from the winner what the last update of prices gave it, and no more.",
)
def deleveraging_takes_the_move_since_the_previous_mark_from_the_winner(given):
    """At the present mark the winner loses the closed contracts times the move since the previous mark, to the loser.

    Nobody else bears anything: with q contracts closed the winner loses, and the loser gains, q * |previous mark -
    mark| where the mark moved against the loser.
    """
    before = two_sides(given)
    after, market = CLOSE.apply(before), before.markets["BTC"]
    side = where(before.members["loser"].size("BTC") > 0, ONE, -ONE)
    moved = CLOSE.size(before) * (market.previous_mark - market.mark) * side
    gained, lost = (
        worth(after.members[name], market.mark) - worth(before.members[name], market.mark)
        for name in ("loser", "winner")
    )
    return on_each_side(before, both(gained == moved, lost == -moved))


def whole(exchange, name):
    """The account owes nothing, neither on its own balance nor for a closed isolated position."""
    member = exchange.members[name]
    return both(*(amount >= 0 for amount in (*member.raw.values(), *member.deficit.values())))


def covered(given, before):
    """A loser that had not lost more than it had at the previous mark owes nothing once its position is closed."""
    market, size = before.markets["BTC"], before.members["loser"].size("BTC")
    given.assume(
        "at the previous mark the loser had not lost more than it had",
        worth(before.members["loser"], market.previous_mark) >= 0,
    )
    closed = absolute(size) <= absolute(before.members["winner"].size("BTC"))
    after = CLOSE.apply(before)
    then = worth(after.members["loser"], market.previous_mark) >= 0
    return on_each_side(before, both(then, either(negate(closed), whole(after, "loser"))))


@theorem(
    Family.DELEVERAGING,
    why="Why deleveraging closes at the price before the update that made the account bankrupt.",
)
def closing_at_the_previous_mark_leaves_no_debt_that_was_not_there_before(given):
    """Closed at the previous mark a loser owes nothing, if it had not lost more than it had at that mark."""
    return covered(given, two_sides(given))


@theorem(
    Family.DELEVERAGING,
    why="An older version of the documentation closes at the previous oracle price.",
    false=True,
    repair="close at the price at which accounts were found solvent, the previous mark",
)
def closing_at_the_previous_oracle_price_leaves_no_debt_that_was_not_there_before(given):
    """Closed at the previous oracle price a loser owes nothing, if it had not lost more than it had at that mark."""
    before = two_sides(given)
    return covered(given, evolve(before, venue=before.venue.with_readings({"ADL-PRICE": "oracle"})))


def hedged(given):
    """A long that goes bankrupt as prices fall, and its counterparty: short in the same market, as long in another."""
    size, earlier, later = (given.number(name) for name in ("size", "earlier price", "price"))
    given.assume("the loser is long, and prices are above zero", both(size > 0, earlier > 0, later > 0))
    legs = {
        name: Position(market=name, size=leg, leverage=10, entry=earlier)
        for name, leg in {"BTC": -size, "ETH": size}.items()
    }
    balance = {"": given.number("balance of the winner")}
    winner = Member(name="winner", mode=given.regime or Regime.CROSS, raw=balance, positions=legs)
    long = Position(market="BTC", size=size, leverage=10, entry=earlier)
    loser = Member(name="loser", raw={"": given.number("balance of the loser")}, positions={"BTC": long})
    prices = {"mark": earlier, "oracle": earlier, "previous_mark": earlier, "previous_oracle": earlier}
    before = Exchange(
        venue=given.venue or load_venue(EXAMPLE),
        markets={
            "BTC": Market(name="BTC", **prices, holders={"loser": size, "winner": -size}),
            "ETH": Market(name="ETH", **prices),
        },
        members={"winner": winner, "loser": loser},
    )
    return before, MovePrices(marks={"BTC": later, "ETH": later}).apply(before)


def allowed(given, exchange):
    """Assume that the venue's guard allows the deleveraging."""
    guard = both(*(check.condition for check in CLOSE.checks(exchange)))
    given.assume("the loser is bankrupt, and its counterparty eligible and the first in the queue", guard)


@theorem(
    Family.DELEVERAGING, why="A forced closing that bankrupts the winner passes a loss on and covers none."
)
def deleveraging_bankrupts_no_counterparty(given):
    """A counterparty of deleveraging has not lost more than it had, whatever else it holds."""
    before = two_sides(given)
    allowed(given, before)
    return on_each_side(before, negate(CLOSE.apply(before).assess("winner").bankrupt))


@theorem(
    Family.DELEVERAGING,
    regimes=(Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO),
    why="On 2025-10-10 queues that look at one market closed the winning leg of hedged accounts.",
    false=True,
    repair="rank by what the closing does to the counterparty's own margin, or close whole hedges",
)
def deleveraging_makes_no_healthy_account_liquidatable(given):
    """A hedged account with twice the margin it needs before and after the last prices is healthy once deleveraged."""
    earlier, before = hedged(given)
    given.assume("the loser was solvent before the update", negate(earlier.assess("loser").bankrupt))
    allowed(given, before)
    for state, when in ((earlier, "before"), (before, "after")):
        assessed = state.assess("winner")
        twice = assessed.resources >= 2 * assessed.requirement
        given.assume(f"{when} the update its counterparty has twice what it needs", twice)
    return CLOSE.apply(before).assess("winner").healthy


def tiers(given):
    """A margin table of two tiers, with any rising rates."""
    bound = given.number("second tier from", "100000")
    low, high = given.number("first rate", "0.0125"), given.number("second rate", "0.025")
    given.assume("rates rise from tier to tier", both(bound > 0, low > 0, low <= high, high <= 1))
    deduction = perp.tier_deduction(ZERO, bound, low, high)
    return (Tier(ZERO, ONE, low, ZERO), Tier(bound, ONE, high, deduction))


def due(given, regime, equity, maintenance):
    """Whether an account with this equity and maintenance margin is liquidatable under a regime."""
    if regime is Regime.UNIFIED:
        return unified.unified_liquidatable(unified.available_after_maintenance(equity, [maintenance], []))
    if regime is not Regime.PORTFOLIO:
        return perp.liquidatable(equity, maintenance)
    support, trigger = given.number("support"), given.parameter("margin_ratio_trigger")
    given.side("the trigger lies between zero and one", both(trigger > 0, trigger <= 1))
    offset = given.parameter("borrow_offset")
    ratio = given.rule("PM-RATIO")(maintenance, equity, given.number("loan"), support, offset)
    return given.rule("PM-LIQUIDATABLE")(ratio, trigger)


@theorem(Family.DELEVERAGING, why="Which accounts may fear that a forced closing gets them liquidated next.")
def deleveraging_spares_who_could_have_closed_at_the_previous_mark(given):
    """Deleveraging leaves an account healthy that is so now, and would be with its position closed at the previous mark.

    Its other positions, any number of them, stand at their present marks in both. Where no other price moved since
    the previous mark, it is enough that the account was healthy then and is healthy now.
    """
    mark, previous = given.number("mark price", "80000"), given.number("previous mark price", "92000")
    equity, rest = given.number("equity", "60000"), given.number("maintenance margin of the rest", "5000")
    held, closed = given.number("size", "3"), given.number("closed contracts", "2")
    own = given.number("maintenance margin", "3000")
    kept = given.number("maintenance margin of what is kept", "1000")
    given.assume("at most the position is closed", both(closed >= 0, closed <= held, held > 0))

    def in_proportion(whole, part):
        return part * held <= whole * (held - closed)

    def liquidatable(regime, part, maintenance):
        profit = numbers.unrealized_profit(-part, mark, previous)
        return due(given, regime, equity - profit, maintenance + rest)

    table = tiers(given)
    whole, part = (
        perp.maintenance_margin(perp.notional(size, mark), table) for size in (held, held - closed)
    )
    parts = [Part("what is kept asks for no more than its part of the margin", in_proportion(whole, part))]
    for regime in Regime if given.regime is None else (given.regime,):
        healthy = both(negate(liquidatable(regime, ZERO, own)), negate(liquidatable(regime, held, ZERO)))
        asked = both(healthy, own >= 0, rest >= 0, in_proportion(own, kept))
        parts.append(Part(str(regime), negate(liquidatable(regime, closed, kept)), when=asked))
    return parts


def ranked(given, rule, size):
    """Two positions that differ in their entry prices alone: whether the first ranks first, and what its profit is more."""
    mark, value = given.number("mark price"), given.number("account value")
    one, other = given.number("entry price"), given.number("other entry price")
    positive = both(*(number > 0 for number in (mark, value, one, other)))
    given.assume("prices and the account value are above zero", positive)
    more = numbers.unrealized_profit(size, mark, one) - numbers.unrealized_profit(size, mark, other)
    return rule(size, mark, one, value) > rule(size, mark, other, value), more


def larger_profit_first(given, rule):
    """Of two positions that differ in their entry prices alone, the one with the larger profit ranks first."""
    size = given.number("size")
    first, more = ranked(given, rule, size)
    return [
        Part("longs", first, when=both(more > 0, size > 0)),
        Part("shorts", first, when=both(more > 0, size < 0)),
    ]


@theorem(
    Family.DELEVERAGING,
    why="The documentation ranks by profit and leverage: users ask what moves them up the queue.",
)
def of_two_like_positions_the_one_with_the_larger_profit_is_deleveraged_first(given):
    """Of two positions that differ in their entry prices alone, the one with the larger profit ranks first."""
    return larger_profit_first(given, given.rule("ADL-RANK"))


@theorem(
    Family.DELEVERAGING,
    why="The documentation prints one quotient, mark over entry, for both sides.",
    false=True,
    repair="turn the quotient over for shorts: entry over mark",
)
def the_printed_rank_deleverages_the_larger_profit_first(given):
    """By the printed rank, of two positions that differ in their entry prices alone the larger profit ranks first."""
    return larger_profit_first(given, deleveraging.printed_rank)


@theorem(
    Family.DELEVERAGING, why="What the printed quotient does to shorts, in full: their queue is upside down."
)
def the_printed_rank_turns_the_queue_of_shorts_over(given):
    """By the printed rank, of two like shorts the one with the smaller profit ranks first."""
    size = given.number("size")
    given.assume("both are short", size < 0)
    first, more = ranked(given, deleveraging.printed_rank, size)
    return first == (more < 0)


@theorem(
    Family.DELEVERAGING,
    why="94 to 99 % of the positions that were deleveraged on 2025-10-10 were in profit: not all of them.",
    false=True,
    repair="rank positions in profit before all others",
)
def positions_in_profit_are_deleveraged_before_positions_at_a_loss(given):
    """A position in profit ranks before a position of the same side that is at a loss."""
    rule, mark = given.rule("ADL-RANK"), given.number("mark price")
    size, entry, value = (
        given.number(f"{name} in profit") for name in ("size", "entry price", "account value")
    )
    held, bought, left = (
        given.number(f"{name} at a loss") for name in ("size", "entry price", "account value")
    )
    positive = (mark, entry, bought, value, left)
    given.assume("prices and account values are above zero", both(*(number > 0 for number in positive)))
    given.assume("both are on the same side", size * held > 0)
    given.assume("the first is in profit", numbers.unrealized_profit(size, mark, entry) > 0)
    given.assume("the second is at a loss", numbers.unrealized_profit(held, mark, bought) < 0)
    return rule(size, mark, entry, value) > rule(held, mark, bought, left)


def queued(given, needed, holders):
    """What each holder gives up when the highest rank gives first, as much as it has or as is still needed."""
    rule, mark = given.rule("ADL-RANK"), given.number("mark price")
    ranks = [rule(size, mark, entry, value) for size, entry, value in holders]
    found = []
    for place, (size, _, _) in enumerate(holders):
        ahead = [
            where(
                either(ranks[j] > ranks[place], both(ranks[j] == ranks[place], j < place)),
                absolute(other),
                ZERO,
            )
            for j, (other, _, _) in enumerate(holders)
            if j != place
        ]
        left = maximum(ZERO, deleveraging.left_to_deleverage(needed, ahead))
        found.append(deleveraging.deleveraged_size(left, size))
    return found


@theorem(
    Family.DELEVERAGING,
    why="A whale with sub-accounts puts its profit where it ranks last, and others are closed in its place.",
    false=True,
    repair="close the same part of every counterparty's position",
)
def splitting_an_account_does_not_lower_what_the_queue_takes_from_it(given):
    """The queue takes as much of an account's position however the account is split into sub-accounts."""
    names = ("first part", "second part", "others")
    sizes, values = (
        [given.number(f"{what} of {name}") for name in names] for what in ("size", "account value")
    )
    needed, mark = given.number("contracts to close"), given.number("mark price")
    given.assume("one mark and one entry price", both(mark == 1, given.number("entry price") == 1))
    given.assume("all are short, and have something", both(*(s < 0 for s in sizes), *(v > 0 for v in values)))
    given.assume("there is something to close", both(needed > 0, needed <= -total(sizes)))
    first, second, others = ((size, ONE, value) for size, value in zip(sizes, values, strict=True))
    whole = (sizes[0] + sizes[1], ONE, values[0] + values[1])
    return (
        total(queued(given, needed, [first, second, others])[:2]) >= queued(given, needed, [whole, others])[0]
    )


@theorem(
    Family.DELEVERAGING,
    why="The rule that no splitting, merging or renaming of accounts can turn to advantage.",
)
def pro_rata_deleveraging_is_split_proof(given):
    """Closing the same part of every counterparty closes what is needed, overshoots nobody, and ignores splitting.

    Of the contracts that are needed each gives as large a part as its position is of all on its side. The others
    are any number of accounts, taken together.
    """
    first, second, others = (
        given.number(f"contracts of {name}") for name in ("one", "another", "the others")
    )
    needed, open_ = given.number("contracts to close"), first + second + others
    given.assume("nobody has less than nothing", both(first >= 0, second >= 0, others >= 0))
    given.assume("what is needed is there", both(needed >= 0, needed <= open_, open_ > 0))

    def given_up(size):
        return needed * size / open_

    taken = [given_up(size) for size in (first, second, others)]
    return [
        Part("closes what is needed", deleveraging.left_to_deleverage(needed, taken) == 0),
        Part("turns nobody over", both(taken[0] >= 0, taken[0] <= first)),
        Part("ignores splitting", taken[0] + taken[1] == given_up(first + second)),
    ]


@theorem(Family.DELEVERAGING, why="Whether a queue can ever run dry before the bankrupt position is closed.")
def counterparties_always_suffice(given):
    """However many accounts there are, the positions on the other side suffice to close a bankrupt one.

    By induction over the queue: they suffice at the beginning, since the positions of a market sum to zero; after
    each counterparty the rest suffice for the rest; and when none is left, nothing is.
    """
    side, needed = given.number("side of the loser"), given.number("contracts to close")
    same, open_ = given.number("contracts on the same side"), given.number("contracts on the other side")
    given.assume("the loser is long or short", either(side == 1, side == -1))
    counter = given.number("contracts of the next counterparty")
    taken = deleveraging.deleveraged_size(side * needed, -side * counter)
    left, after = deleveraging.left_to_deleverage(needed, [taken]), open_ - counter
    sums = both(side * needed + side * same - side * open_ == 0, same >= 0, needed > 0)
    suffices = both(needed >= 0, needed <= open_)
    return [
        Part("at the beginning", suffices, when=sums),
        Part(
            "after a counterparty",
            both(left >= 0, left <= after),
            when=both(suffices, needed > 0, counter > 0, counter <= open_),
        ),
        Part("at the end", needed == 0, when=both(suffices, open_ == 0)),
    ]
