"""Invariants of steps."""

from __future__ import annotations

from collections.abc import Iterator

from solvent.arithmetic import ZERO, Number, absolute, both, certainly, either, negate, total
from solvent.exchange import (
    BACKSTOP,
    BOOK,
    Action,
    AllocateShortfall,
    ChangeParameter,
    Deleverage,
    Exchange,
    Fill,
    Group,
    LiquidateOnBook,
    SettleFunding,
    SwitchMode,
    TakeOver,
    WriteOff,
)
from solvent.exchange.guards import is_house
from solvent.exchange.margin import liquidatable, pool_of_market
from solvent.invariants.kit import Claim, changed, holdings, of_steps, tokens
from solvent.regimes import Pool


@of_steps("caps")
def caps(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """No action but accrual and a change of parameters brings a loan or a supply above a cap, whatever its path."""
    if isinstance(action, ChangeParameter):
        return
    unit = after.venue.parameters.index_unit
    for token, pool in after.pools.items():
        was, known = before.pools.get(token), after.venue.tokens.get(token)
        if known is None or was is None or was is pool:
            continue
        rounding = unit * (pool.debt_index + pool.supply_index)
        if known.global_borrow_cap is not None:
            within = pool.borrowed <= known.global_borrow_cap + rounding
            grew = pool.debt_shares > was.debt_shares
            yield Claim(f"loans of {token}", either(negate(grew), within), {"borrowed": pool.borrowed})
        if known.global_supply_cap is not None:
            within = pool.supplied <= known.global_supply_cap + rounding
            grew = pool.supply_shares > was.supply_shares
            yield Claim(f"supplies of {token}", either(negate(grew), within), {"supplied": pool.supplied})
        yield from _user_caps(before, after, token, rounding)


def _user_caps(before: Exchange, after: Exchange, token: str, rounding: Number) -> Iterator[Claim]:
    known = after.venue.tokens[token]
    for name in changed(before, after):
        old, new = before.members.get(name), after.members[name]
        if old is None or is_house(name):
            continue
        owes, has = after.borrowed(new, token), after.supplied(new, token)
        grew = new.borrowed.get(token, ZERO) > old.borrowed.get(token, ZERO)
        if known.user_borrow_cap is not None:
            within = owes <= known.user_borrow_cap + rounding
            yield Claim(f"{token} loan of {name}", either(negate(grew), within), {"loan": owes})
        grew = new.supplied.get(token, ZERO) > old.supplied.get(token, ZERO)
        if known.user_supply_cap is not None:
            within = has <= known.user_supply_cap + rounding
            yield Claim(f"{token} supply of {name}", either(negate(grew), within), {"supply": has})


@of_steps("indices-never-fall")
def indices_never_fall(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """Interest indices never fall, but for the supply index when suppliers bear what the reserve cannot."""
    for token, pool in after.pools.items():
        was = before.pools.get(token)
        if was is None or was is pool:
            continue
        yield Claim(f"debt index of {token}", pool.debt_index >= was.debt_index, {"index": pool.debt_index})
        borne = isinstance(action, WriteOff) and action.token == token
        rises = True if borne else pool.supply_index >= was.supply_index
        yield Claim(f"supply index of {token}", rises, {"index": pool.supply_index})


@of_steps("suppliers-earn-what-borrowers-pay")
def suppliers_earn_what_borrowers_pay(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """By accrual suppliers' claims grow by no more than borrowers' debts, and the reserve does not shrink but by bad debt."""
    for token, pool in after.pools.items():
        was = before.pools.get(token)
        if was is None or was is pool:
            continue
        paid = was.debt_shares * (pool.debt_index - was.debt_index)
        earned = was.supply_shares * (pool.supply_index - was.supply_index)
        yield Claim(token, earned <= paid, {"earned": earned, "paid": paid})
        kept = True if isinstance(action, WriteOff) else pool.reserve >= was.reserve
        yield Claim(f"reserve of {token}", kept, {"before": was.reserve, "after": pool.reserve})


@of_steps("funding-sums-to-zero")
def funding_sums_to_zero(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """Funding payments sum to zero but for a remainder of half a unit a position at most, which is the treasury's."""
    if not isinstance(action, SettleFunding):
        return
    payments, token = action.payments(before), before.token_of(action.market)
    left = after.treasury.get(token, ZERO) - before.treasury.get(token, ZERO)
    bound = before.venue.parameters.usd_unit * len(payments) / 2
    fits = both(left == -total(payments.values()), absolute(left) <= bound)
    yield Claim(action.market, fits, {"remainder": left, "bound": bound})


@of_steps("user-actions-keep-health")
def user_actions_keep_health(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """No action of a user, and no fill, turns a healthy account liquidatable, unless it starts the fallback at a cap."""
    if action.group is not Group.USER and not isinstance(action, Fill):
        return
    if certainly(after.fallen_back()) and not certainly(before.fallen_back()):
        return
    for name in changed(before, after):
        if name in before.members and not is_house(name):
            yield Claim(name, either(liquidatable(before, name), negate(liquidatable(after, name))), {})


@of_steps("only-parties-change")
def only_parties_change(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """An action changes only the accounts that are party to it: sub-accounts and strangers keep every unit."""
    named = {
        getattr(action, f, None) for f in ("account", "sender", "receiver", "buyer", "seller", "counterparty")
    }
    parties = {*named, BOOK, BACKSTOP}
    if isinstance(action, SettleFunding):
        parties |= set(before.markets[action.market].holders)
    for name in changed(before, after):
        yield Claim(name, name in parties or is_house(name), {})


@of_steps("isolated-losses-stop")
def isolated_losses_stop(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """Liquidating an isolated position takes nothing from the rest of the account."""
    if not isinstance(action, LiquidateOnBook | TakeOver | Deleverage):
        return
    position = before.members[action.account].positions[action.market]
    if position.isolated:
        dex = before.markets[action.market].dex
        was = before.members[action.account].raw.get(dex, ZERO)
        left = after.members[action.account].raw.get(dex, ZERO)
        yield Claim(action.account, left >= was, {"before": was, "after": left})


@of_steps("liquidation-helps")
def liquidation_helps(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """A liquidation on the book frees margin, and does not raise the ratio if it costs at most (2 - ratio) times that."""
    if not isinstance(action, LiquidateOnBook):
        return
    was = pool_of_market(before, action.account, action.market)
    now = _same_pool(after, action.account, was)
    if now is None or was.ratio.denominator <= 0:
        return
    cost, freed = was.resources - now.resources, was.requirement - now.requirement
    bound = freed * (2 * was.ratio.denominator - was.ratio.numerator)
    dear = cost * was.ratio.denominator > bound
    lower = now.ratio.numerator * was.ratio.denominator <= was.ratio.numerator * now.ratio.denominator
    yield Claim(action.account, both(freed >= 0, either(dear, lower)), {"cost": cost, "freed": freed})


def _same_pool(exchange: Exchange, name: str, pool: Pool) -> Pool | None:
    return next((p for p in exchange.assess(name).pools if p.name == pool.name), None)


@of_steps("takeover-leaves-flat")
def takeover_leaves_flat(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """After a takeover the account has no position of the margin pool, and owes no more unless it was bankrupt."""
    if not isinstance(action, TakeOver):
        return
    was = pool_of_market(before, action.account, action.market)
    member = after.members[action.account]
    flat = not any(market in member.positions for market in was.members)
    owed = member.deficit == before.members[action.account].deficit
    yield Claim(action.account, both(flat, either(was.bankrupt, owed)), {})


@of_steps("deleveraging-conserves")
def deleveraging_conserves(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """Auto-deleveraging closes as much on the winner as on the loser, flips nobody, and opens nothing."""
    if not isinstance(action, Deleverage):
        return
    moved = []
    for name in (action.account, action.counterparty):
        old, new = before.members[name].size(action.market), after.members[name].size(action.market)
        yield Claim(name, both(old * new >= 0, absolute(new) <= absolute(old)), {"before": old, "after": new})
        moved.append(old - new)
    yield Claim(action.market, moved[0] + moved[1] == 0, {"loser": moved[0], "winner": moved[1]})


@of_steps(
    "deleveraging-keeps-health",
    refuted_by="deleveraged-hedge",
    repair="rank by what the closing does to the counterparty's own requirement, or close whole hedges",
)
def deleveraging_keeps_health(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """Auto-deleveraging turns no healthy account liquidatable."""
    if isinstance(action, Deleverage):
        name = action.counterparty
        yield Claim(name, either(liquidatable(before, name), negate(liquidatable(after, name))), {})


@of_steps("shortfall-allocated-once")
def shortfall_allocated_once(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """A shortfall leaves its account whole, and its bearers poorer by exactly as much."""
    if isinstance(action, AllocateShortfall):
        again = action.deficit(after) + action.overdrawn(after)
        yield Claim(action.account, again <= 0, {"left": again})
    if isinstance(action, WriteOff):
        was, now = before.pools[action.token], after.pools[action.token]
        lost = (was.supplied + was.reserve) - (now.supplied + now.reserve)
        grown = now.debt_index * before.members[action.account].borrowed.get(action.token, ZERO)
        interest = was.debt_shares * (now.debt_index - was.debt_index)
        yield Claim(action.token, lost == grown - interest, {"borne": lost, "debt": grown})


@of_steps("switching-moves-nothing")
def switching_moves_nothing(before: Exchange, action: Action, after: Exchange) -> Iterator[Claim]:
    """A switch of mode leaves an account with the same holdings of every token."""
    if isinstance(action, SwitchMode):
        old, new = before.members[action.account], after.members[action.account]
        for token in tokens(after):
            was, now = holdings(before, old, token), holdings(after, new, token)
            yield Claim(token, was == now, {"before": was, "after": now})
