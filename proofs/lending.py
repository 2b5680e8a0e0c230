"""The lending pool: its identity, who pays whom, caps and utilization, and who bears a bad debt."""

from __future__ import annotations

from attrs import evolve

from solvent import load_venue
from solvent.arithmetic import ONE, ZERO, both, floor_to, maximum, minimum, total
from solvent.exchange import Exchange, LendingPool, Member
from solvent.exchange import lending as pools
from solvent.prove.theorem import Family, Part, theorem
from solvent.rules import lending

EXAMPLE = "hyperliquid-beta"
COIN = "USDC"
RATE = ("rate_base", "rate_slope", "rate_kink")
EXAMPLES = {"index_unit": "0.000001", "reserve_share": "0.1"}


def borrow_rate_when_all_is_lent(venue, _token):
    """The yearly borrow rate at a utilization of one: base + slope * (1 - kink)."""
    return lending.borrow_rate(ONE, *(getattr(venue.parameters, name) for name in RATE))


FIGURES = {"borrow rate when all is lent": borrow_rate_when_all_is_lent}


def parameter(given, name):
    """A parameter of the venue, or any number in its place."""
    return given.parameter(name, EXAMPLES[name])


def lent(given, free=("index_unit", "reserve_share")) -> Exchange:
    """An account at a lending pool, of which any number of other accounts hold the rest of all shares.

    Without a venue, the parameters named in ``free`` are any numbers.
    """
    venue = given.venue or load_venue(EXAMPLE)
    named = {name: parameter(given, name) for name in free}
    account = Member(
        name="account",
        spot={COIN: given.number("idle balance", "100")},
        supplied={COIN: given.number("own supply shares", "50")},
        borrowed={COIN: given.number("own debt shares", "20")},
    )
    pool = LendingPool(
        token=COIN,
        cash=given.number("cash", "500"),
        supply_shares=given.number("supply shares", "1000"),
        debt_shares=given.number("debt shares", "500"),
        supply_index=given.number("supply index", "1.04"),
        debt_index=given.number("debt index", "1.1"),
        reserve=given.number("reserve", "10"),
    )
    named_venue = evolve(venue, parameters=evolve(venue.parameters, **named))
    members = {"account": account, "other": Member(name="other")}
    return Exchange(venue=named_venue, members=members, pools={COIN: pool})


def holds_identity(pool):
    """The reserve is the cash and the loans beyond what suppliers can claim (LEND-RESERVE)."""
    return lending.reserve(pool.cash, pool.borrowed, pool.supplied) == pool.reserve


def balanced(given, pool):
    """Assume the identity of the pool."""
    given.assume("cash and loans are suppliers' claims and the reserve", holds_identity(pool))


def indexed(given, pool):
    """Assume what every index has by construction."""
    given.assume("indices are above zero", both(pool.supply_index > 0, pool.debt_index > 0))


def on_grid(given, exchange):
    """Assume what every supply index is by construction."""
    index, unit = exchange.pools[COIN].supply_index, exchange.venue.parameters.index_unit
    given.assume("the supply index is a multiple of its unit", floor_to(index, unit) == index)


def operations(given, exchange):
    """Each operation of an account on the pool, within what it has, owes, and the pool has in cash: (name, after, when)."""
    pool, account, amount = exchange.pools[COIN], exchange.members["account"], given.number("amount", "10")
    free = lending.supply_withdrawable(exchange.supplied(account, COIN), pool.cash)
    owed = exchange.borrowed(account, COIN)
    paid = account.add_spot(COIN, -amount)
    return [
        ("supply", pools.supply(exchange, account, COIN, amount), amount > 0),
        ("take out", pools.take_out(exchange, account, COIN, amount), both(amount > 0, amount <= free)),
        ("borrow", pools.borrow(exchange, account, COIN, amount), both(amount > 0, amount <= pool.cash)),
        ("repay", pools.repay(exchange, paid, COIN, amount), both(amount > 0, amount <= owed)),
    ]


def shares_follow(before, after):
    """The pool's sums of shares move by what the accounts' shares move."""

    def beyond(exchange):
        pool, members = exchange.pools[COIN], list(exchange.members.values())
        supply = pool.supply_shares - total(m.supplied.get(COIN, ZERO) for m in members)
        return supply, pool.debt_shares - total(m.borrowed.get(COIN, ZERO) for m in members)

    return both(*(was == now for was, now in zip(beyond(before), beyond(after), strict=True)))


@theorem(Family.LENDING, why="A pool whose books do not balance owes what it does not have.")
def accrual_and_every_pool_operation_keep_the_identity(given):
    """Accrual and every operation keep cash and loans equal to suppliers' claims and the reserve, and shares those of accounts.

    For any number of accounts: the pool knows their shares by the sums alone, and an operation changes one or two.
    """
    before = lent(given)
    pool = before.pools[COIN]
    balanced(given, pool)
    part, growth = given.number("part of the debt or supply", "0.2"), given.number("growth factor", "1.01")
    steps = [(name, after) for name, after, _ in operations(given, before)]
    steps += [
        ("accrual", before.put_pool(pools.grown(before, pool, growth))),
        ("write off", pools.write_off(before, "account", COIN)),
        ("pass a debt on", pools.move_debt(before, "account", "other", COIN, part)),
        ("pass a supply on", pools.move_supply(before, "account", "other", COIN, part)),
    ]
    return [
        Part(name, both(holds_identity(after.pools[COIN]), shares_follow(before, after)))
        for name, after in steps
    ]


def grown(given, exchange):
    """The pool after its debts have grown by any factor of at least one."""
    growth = given.number("growth factor", "1.01")
    given.assume("debts do not shrink", growth >= 1)
    return pools.grown(exchange, exchange.pools[COIN], growth)


def interest(given, free=("index_unit", "reserve_share")):
    """A pool before and after accrual, with what accrual asks of it."""
    before = lent(given, free)
    pool = before.pools[COIN]
    indexed(given, pool)
    given.assume("there are suppliers", pool.supply_shares > 0)
    given.assume("debts are not negative", pool.debt_shares >= 0)
    kept = before.venue.parameters.reserve_share
    given.side("the reserve keeps a part of the interest", both(kept >= 0, kept <= 1))
    return before, pool, grown(given, before)


@theorem(Family.LENDING, why="Suppliers can be paid only what borrowers owe.")
def suppliers_never_earn_more_than_borrowers_pay(given):
    """By accrual suppliers' claims grow by at most the borrowers' interest less the reserve's share, rounding included.

    The reserve grows by its share of the interest at least; what rounding leaves is its own.
    """
    before, pool, after = interest(given)
    kept = lending.reserve_gain(after.borrowed - pool.borrowed, before.venue.parameters.reserve_share)
    earned, paid = after.supplied - pool.supplied, after.borrowed - pool.borrowed
    return [
        Part("suppliers", earned <= paid - kept),
        Part("reserve", both(after.reserve >= pool.reserve + kept, kept >= 0)),
    ]


@theorem(Family.LENDING, why="An index that falls takes from suppliers, or gives to borrowers.")
def interest_indices_never_fall(given):
    """Accrual never lowers an interest index, whatever the rounding."""
    before, pool, after = interest(given)
    on_grid(given, before)
    return [
        Part("debt index", after.debt_index >= pool.debt_index),
        Part("supply index", after.supply_index >= pool.supply_index),
    ]


@theorem(Family.LENDING, why="Dust that operations leave must not be theirs who make the most of them.")
def rounding_of_pool_operations_is_the_reserves_gain(given):
    """Every operation of an account leaves the reserve at least what it was, and less than one unit of a share above.

    The bound is the unit of shares at the supply or debt index.
    """
    before = lent(given)
    pool, unit = before.pools[COIN], before.venue.parameters.index_unit
    indexed(given, pool)
    indices = {"supply": pool.supply_index, "take out": pool.supply_index}

    def bounded(name, after):
        gain = after.pools[COIN].reserve - pool.reserve
        return both(gain >= 0, gain < unit * indices.get(name, pool.debt_index))

    return [Part(name, bounded(name, after), when=when) for name, after, when in operations(given, before)]


@theorem(
    Family.LENDING,
    why="In other pools, rounding a required input down let whoever withdrew in small steps drain the rest.",
    false=True,
    repair="round the shares that are given up for a withdrawal up",
)
def shares_of_a_withdrawal_may_be_rounded_down(given):
    """Rounding the shares that a withdrawal gives up down leaves the others what is theirs."""
    unit, index, amount = parameter(given, "index_unit"), given.number("supply index"), given.number("amount")
    given.assume("the index is above zero", index > 0)
    given.assume("half a unit of shares is taken out", 2 * amount == index * unit)
    return lending.claim(lending.shares_given(amount, index, unit), index) >= amount


@theorem(Family.LENDING, why="Suppliers ask whether what others do can leave them with a claim on nothing.")
def claims_of_suppliers_stay_covered(given):
    """Whatever one account does with the pool, the others can claim what they could, and cash and loans cover it all."""
    before = lent(given)
    pool, account = before.pools[COIN], before.members["account"]
    balanced(given, pool)
    indexed(given, pool)
    given.assume("the reserve is not overdrawn", pool.reserve >= 0)
    others = pool.supply_shares - account.supplied[COIN]

    def kept(after):
        now = after.pools[COIN]
        rest = now.supply_shares - after.members["account"].supplied.get(COIN, ZERO)
        same = lending.claim(rest, now.supply_index) == lending.claim(others, pool.supply_index)
        covered = now.supplied <= now.cash + now.borrowed
        return both(same, covered, now.cash >= 0)

    given.assume("the pool is not overdrawn", pool.cash >= 0)
    return [Part(name, kept(after), when=when) for name, after, when in operations(given, before)]


@theorem(Family.LENDING, why="Caps bound what a failure of one token or one user can cost.")
def loans_and_supplies_that_are_allowed_stay_within_every_cap(given):
    """What is lent or supplied under the caps stays within them, but for the rounding of one share.

    A loan also stays within the capacity, and the pool's cash is not overdrawn.
    """
    before = lent(given)
    pool, account, amount = before.pools[COIN], before.members["account"], given.number("amount", "10")
    names = ("user cap", "global cap", "borrow capacity")
    own, all_, capacity = (given.number(name, "1000") for name in names)
    indexed(given, pool)
    loan, held = before.borrowed(account, COIN), before.supplied(account, COIN)
    step = before.venue.parameters.index_unit * pool.debt_index
    after = pools.borrow(before, account, COIN, amount)
    owes = after.borrowed(after.members["account"], COIN)
    within = both(owes <= minimum(own, capacity) + step, after.pools[COIN].borrowed <= all_ + step)
    more = pools.supply(before, account, COIN, amount)
    has = more.supplied(more.members["account"], COIN)
    supplied = both(has <= own, more.pools[COIN].supplied <= all_)
    borrowing = lending.may_borrow(loan, capacity, own, pool.borrowed, all_, pool.cash, amount)
    supplying = lending.may_supply(held, own, pool.supplied, all_, amount)
    return [
        Part("loan", both(within, after.pools[COIN].cash >= 0), when=both(amount > 0, borrowing)),
        Part("supply", supplied, when=both(amount > 0, supplying)),
    ]


@theorem(
    Family.LENDING,
    why="The documentation states caps and does not say what happens when interest passes them.",
    false=True,
    repair="let caps bound new loans, and let no rule turn on what is owed beyond them",
)
def debts_stay_within_the_global_cap(given):
    """Debts within the global cap stay within it as interest accrues."""
    debts, cap, growth = (given.number(name) for name in ("debts", "global cap", "growth factor"))
    given.assume("debts grow, and are within the cap", both(debts > 0, debts <= cap, growth > 1))
    return lending.accrued(debts, growth) <= cap


def lent_out(given, left, free):
    """A pool before and after a loan that leaves so much of its cash, and what one unit of debt shares is worth."""
    before = lent(given, free)
    pool, amount = before.pools[COIN], given.number("amount", "10")
    balanced(given, pool)
    indexed(given, pool)
    share = lending.claim(before.venue.parameters.index_unit, pool.debt_index)
    given.assume("the pool has the cash", both(amount > 0, amount <= pool.cash - left(pool, share)))
    return pool, pools.borrow(before, before.members["account"], COIN, amount).pools[COIN], share


@theorem(
    Family.LENDING,
    why="The reserve is lent out together with suppliers' cash, and the rate that follows utilization overshoots.",
    false=True,
    repair="lend at most the cash beyond the reserve, and measure utilization against cash and loans",
)
def no_loan_that_the_cash_covers_takes_utilization_above_one(given):
    """Lending what the pool has in cash leaves utilization at most one, but for the rounding of one share."""
    pool, after, share = lent_out(given, lambda *_: ZERO, free=())
    given.assume("the reserve is not overdrawn", pool.reserve >= 0)
    given.assume("no more was lent than was supplied", pool.borrowed <= pool.supplied)
    given.assume("something is supplied and lent", both(pool.supply_shares > 0, pool.debt_shares > 0))
    return after.borrowed <= after.supplied + share


@theorem(Family.LENDING, why="What a pool may lend without lending its reserve.")
def lending_only_cash_beyond_the_reserve_keeps_utilization_at_most_one(given):
    """Lending at most the cash beyond the reserve, less one rounded share, leaves utilization at most one.

    Exactly: utilization is at most one when, and only when, the cash is at least the reserve.
    """
    pool, after, _ = lent_out(given, lambda pool, share: pool.reserve + share, free=("index_unit",))
    return [
        Part("after the loan", after.borrowed <= after.supplied),
        Part("exactly", (pool.borrowed <= pool.supplied) == (pool.cash >= pool.reserve)),
    ]


@theorem(
    Family.LENDING,
    why="Lending only the cash beyond the reserve is not enough: interest raises the reserve, and brings no cash.",
    false=True,
    repair="measure utilization against cash and loans",
)
def interest_keeps_utilization_at_most_one(given):
    """Utilization that is one stays so as interest accrues, but for rounding."""
    before, pool, after = interest(given, free=("reserve_share",))
    given.side("the reserve keeps some of the interest", before.venue.parameters.reserve_share > 0)
    given.assume(
        "as much is lent as was supplied", both(pool.debt_shares > 0, pool.borrowed == pool.supplied)
    )
    rounding = before.venue.parameters.index_unit * (pool.debt_shares + pool.supply_shares)
    return after.borrowed <= after.supplied + rounding


@theorem(Family.LENDING, why="A utilization that keeps to its range whatever the reserve does.")
def utilization_of_cash_and_loans_lies_between_zero_and_one(given):
    """Measured against cash and loans, utilization lies between zero and one after every operation and accrual."""
    before = lent(given)
    pool, debt = before.pools[COIN], before.members["account"].borrowed[COIN]
    indexed(given, pool)
    given.assume("the pool is not overdrawn", pool.cash >= 0)
    given.assume("an account owes a part of all debts", both(debt >= 0, debt <= pool.debt_shares))
    after = [("accrual", grown(given, before), True)]
    after += [(name, state.pools[COIN], when) for name, state, when in operations(given, before)]

    def in_range(now):
        used = lending.utilization(now.borrowed, now.cash + now.borrowed)
        return both(used >= 0, used <= 1)

    return [Part(name, in_range(now), when=when) for name, now, when in after]


@theorem(Family.LENDING, why="A rate curve with a jump or a dip can be played by whoever moves utilization.")
def the_borrow_rate_rises_with_utilization_and_has_no_jump(given):
    """The borrow rate never falls as utilization rises, rises by at most the slope times the rise, and begins at the base."""
    base, slope, kink = (given.parameter(name) for name in RATE)
    given.side("the slope is not below zero", slope >= 0)
    given.side("the kink is not below zero", kink >= 0)
    used, more = given.number("utilization", "0.9"), given.number("higher utilization", "0.95")
    low, high = (lending.borrow_rate(u, base, slope, kink) for u in (used, more))
    step = both(high >= low, high - low <= slope * (more - used))
    return [
        Part("step", step, when=more >= used),
        Part("beginning", lending.borrow_rate(ZERO, base, slope, kink) == base),
    ]


@theorem(Family.LENDING, why="Rates that are shown must be those that accrual pays.")
def the_supply_rate_shares_out_the_borrowers_interest(given):
    """A year at the supply rate on all that is supplied is a year at the borrow rate on all loans less the reserve's share."""
    borrowed, supplied = given.number("borrowed", "500"), given.number("supplied", "1000")
    rate, kept = given.number("borrow rate", "0.05"), parameter(given, "reserve_share")
    given.assume("something is supplied", supplied > 0)
    shown = lending.supply_rate(rate, lending.utilization(borrowed, supplied), kept)
    due = lending.supplier_interest(borrowed * rate, supplied, supplied, kept)
    return both(shown * supplied == due, due + lending.reserve_gain(borrowed * rate, kept) == borrowed * rate)


@theorem(
    Family.LENDING,
    why="A mistake that reviewers found more than once: suppliers credited on what they supply.",
    false=True,
    repair="credit suppliers with what borrowers owe more, less the reserve's share",
)
def suppliers_may_be_paid_the_borrow_rate(given):
    """Growing supplies by the factor by which debts grow pays suppliers no more than borrowers pay."""
    supplied, borrowed, growth = (given.number(name) for name in ("supplied", "borrowed", "growth factor"))
    given.assume("debts grow", both(borrowed > 0, growth > 1))
    given.assume("less is lent than was supplied", borrowed < supplied)
    earned = lending.accrued(supplied, growth) - supplied
    return earned <= lending.accrued(borrowed, growth) - borrowed


@theorem(Family.LENDING, why="Whoever may trigger accrual must not make others pay by doing so often.")
def accruing_twice_costs_borrowers_no_more_than_rounding(given):
    """Debts that accrue in two steps grow as in one, and by less than a unit of the index for the further step.

    For any number of steps: each adds less than one unit, grown by what follows.
    """
    before = lent(given)
    pool, unit = before.pools[COIN], before.venue.parameters.index_unit
    first, second = given.number("growth factor", "1.01"), given.number("second growth factor", "1.02")
    given.assume("debts do not shrink", both(first >= 1, second >= 1, pool.debt_index > 0))
    halfway = pools.grown(before, pool, first)
    twice, once = pools.grown(before, halfway, second), pools.grown(before, pool, first * second)
    return both(twice.debt_index >= once.debt_index, twice.debt_index < once.debt_index + unit * (second + 1))


@theorem(
    Family.LENDING,
    why="In 2026 suppliers of a pool could not leave it while everything in it was lent.",
    false=True,
    repair="keep cash aside, or say that supplies are not payable at full utilization",
)
def a_supplier_can_always_take_its_supply_out(given):
    """A supplier may take out all that it has supplied."""
    held, cash = given.number("supply of the account"), given.number("cash")
    given.assume("the account has supplied, and the pool is not overdrawn", both(held > 0, cash >= 0))
    return lending.supply_withdrawable(held, cash) >= held


def written_off(given):
    """A pool before and after the debt of an account is written off, and the debt."""
    before = lent(given)
    debt = before.borrowed(before.members["account"], COIN)
    given.assume("there are suppliers", before.pools[COIN].supply_shares > 0)
    return before, pools.write_off(before, "account", COIN).pools[COIN], debt


@theorem(Family.LENDING, why="How large a bad debt may be before suppliers lose: the reserve, to the unit.")
def suppliers_bear_a_bad_debt_exactly_when_it_exceeds_the_reserve(given):
    """Writing a debt off lowers what suppliers can claim when, and only when, the debt is larger than the reserve."""
    before, after, debt = written_off(given)
    pool = before.pools[COIN]
    on_grid(given, before)
    given.assume("the supply index is above zero", pool.supply_index > 0)
    return [
        Part("covered", after.supplied == pool.supplied, when=debt <= pool.reserve),
        Part("not covered", after.supplied < pool.supplied, when=debt > pool.reserve),
    ]


@theorem(Family.LENDING, why="A shortfall that is allocated twice, or in part, stays in the books for ever.")
def a_bad_debt_is_borne_once_by_the_reserve_and_then_by_suppliers(given):
    """What reserve and suppliers lose together is the debt; beyond the reserve suppliers bear it, to one index unit.

    They bear it pro rata, by the index of all shares. The reserve is not overdrawn.
    """
    before, after, debt = written_off(given)
    pool = before.pools[COIN]
    balanced(given, pool)
    given.assume("the account owes a part of all debts", both(debt >= 0, debt <= pool.borrowed))
    given.assume("the pool and its reserve are not overdrawn", both(pool.cash >= 0, pool.reserve >= 0))
    lost = (pool.supplied + pool.reserve) - (after.supplied + after.reserve)
    borne, beyond = pool.supplied - after.supplied, maximum(ZERO, debt - pool.reserve)
    rounding = pool.supply_shares * before.venue.parameters.index_unit
    return [
        Part("once", lost == debt),
        Part("suppliers", both(borne >= beyond, borne < beyond + rounding)),
        Part("reserve", after.reserve >= 0),
    ]
