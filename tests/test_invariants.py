"""Every invariant holds of a busy exchange, and fails where what it forbids has happened."""

from __future__ import annotations

import pytest
from attrs import evolve

from solvent import load_venue
from solvent.exchange import (
    AllocateShortfall,
    Deleverage,
    Deposit,
    LiquidateOnBook,
    MovePrices,
    PassTime,
    SettleFunding,
    SwitchMode,
    TakeOver,
    Unwind,
    Withdraw,
    WriteOff,
    step,
)
from solvent.invariants import state_invariants, step_invariants, step_violations, violations
from solvent.prove.examples import busy_exchange
from solvent.venue import MarginTable, single_tier

VENUE = load_venue("hyperliquid-beta")
BUSY = busy_exchange(VENUE)
DEPOSIT = Deposit(account="standard", token="USDC", amount="1")


def broken(exchange):
    return {found.invariant.name for found in violations(exchange)}


def broken_by(action, after, before=BUSY):
    return {found.invariant.name for found in step_violations(before, action, after)}


def with_member(exchange, name, **changes):
    return exchange.put(evolve(exchange.members[name], **changes))


def with_pool(exchange, **changes):
    return exchange.put_pool(evolve(exchange.pools["USDC"], **changes))


def fallen(market, price, **spots):
    return step(BUSY, MovePrices(marks={market: price}, spots=spots))


def test_every_invariant_is_one_sentence_and_says_what_refutes_it_or_nothing():
    for invariant in (*state_invariants().values(), *step_invariants().values()):
        assert invariant.sentence.endswith(".")
        assert invariant.expected == (not invariant.repair)


def test_a_busy_exchange_keeps_all_of_them():
    assert not broken(BUSY)
    assert not broken_by(DEPOSIT, step(BUSY, DEPOSIT))


STATES = {
    "conservation": BUSY.put(BUSY.members["standard"].add_spot("USDC", 1)),
    "open-interest": with_member(BUSY, "standard", positions=BUSY.members["standard"].positions.drop("BTC")),
    "pool-identity": with_pool(BUSY, reserve=BUSY.pools["USDC"].reserve + 1),
    "nothing-below-zero": BUSY.put(BUSY.members["standard"].add_spot("USDC", -1_000_000)),
    "profit-is-funded": BUSY.put(BUSY.members["book"].add_raw("", -90_000_000)),
    "utilization-at-most-one": with_pool(BUSY, debt_shares=BUSY.pools["USDC"].supply_shares + 1),
}


@pytest.mark.parametrize("name", STATES)
def test_an_invariant_of_states_fails_of_a_state_that_it_forbids(name):
    assert name in broken(STATES[name])


def test_a_haircut_below_the_maintenance_rate_does_not_cover_net_risk():
    hype = evolve(VENUE.tokens["HYPE"], stated_threshold=1 - 1 / (VENUE.parameters.partial_from))
    coarse = MarginTable("coarse", single_tier(3))
    venue = evolve(VENUE, tokens={**VENUE.tokens, "HYPE": hype}, tables={**VENUE.tables, "HYPE": coarse})
    member = BUSY.members["portfolio"]
    long = evolve(member.positions["HYPE"], size=100)
    exchange = evolve(
        with_member(BUSY, "portfolio", positions=member.positions.put("HYPE", long)), venue=venue
    )

    assert "margin-covers-net-risk" in broken(exchange)


def test_a_perp_long_on_the_coin_of_its_own_collateral_is_not_covered_when_both_fall_by_the_haircut():
    member = BUSY.members["portfolio"]
    long = evolve(member.positions["HYPE"], size=100)
    exchange = with_member(BUSY, "portfolio", positions=member.positions.put("HYPE", long))

    assert "margin-covers-falling-collateral" in broken(exchange)
    assert "margin-covers-falling-collateral" not in broken(BUSY)


def steps():
    pool, standard = BUSY.pools["USDC"], BUSY.members["standard"]
    capped = evolve(VENUE.tokens["USDC"], global_borrow_cap=1)
    tight = evolve(BUSY, venue=evolve(VENUE, tokens={**VENUE.tokens, "USDC": capped}))
    lower = with_pool(BUSY, debt_index=pool.debt_index / 2)
    richer = with_pool(BUSY, supply_index=pool.supply_index * 2)
    funding = SettleFunding(market="BTC")
    due = step(BUSY, PassTime(milliseconds=3_600_000))
    unfunded = evolve(funding.apply(due), treasury=due.treasury.put("USDC", 0))
    drained = Withdraw(account="standard", token="USDC", amount="1")
    poorer = BUSY.put(standard.add_raw("", -50_000))
    isolated = TakeOver(account="standard", market="ETH")
    liquidation = LiquidateOnBook(account="standard", market="BTC")
    larger = evolve(standard.positions["BTC"], size=5)
    adl = Deleverage(account="standard", market="BTC", counterparty="unified")
    flipped = evolve(standard.positions["BTC"], size=-1)
    shortfall, switch = AllocateShortfall(account="standard"), SwitchMode(account="lender", mode="unified")
    owing = BUSY.put(standard.add_deficit("", -5))
    return {
        "caps": (drained, with_pool(tight, debt_shares=pool.debt_shares + 1), tight),
        "indices-never-fall": (drained, lower, BUSY),
        "suppliers-earn-what-borrowers-pay": (drained, richer, BUSY),
        "funding-sums-to-zero": (funding, unfunded, due),
        "user-actions-keep-health": (drained, poorer, BUSY),
        "only-parties-change": (DEPOSIT, BUSY.put(BUSY.members["lender"].add_spot("USDC", 1)), BUSY),
        "isolated-losses-stop": (isolated, poorer, BUSY),
        "liquidation-helps": (
            liquidation,
            with_member(BUSY, "standard", positions=standard.positions.put("BTC", larger)),
            BUSY,
        ),
        "takeover-leaves-flat": (isolated, BUSY, BUSY),
        "deleveraging-conserves": (
            adl,
            with_member(BUSY, "standard", positions=standard.positions.put("BTC", flipped)),
            BUSY,
        ),
        "deleveraging-keeps-health": (
            adl,
            BUSY.put(BUSY.members["unified"].add_raw("", -60_000)),
            BUSY,
        ),
        "shortfall-allocated-once": (shortfall, owing, owing),
        "switching-moves-nothing": (switch, BUSY.put(BUSY.members["lender"].add_spot("USDC", 1)), BUSY),
    }


@pytest.mark.parametrize("name", step_invariants())
def test_an_invariant_of_steps_fails_of_a_step_that_it_forbids(name):
    action, after, before = steps()[name]

    assert name in broken_by(action, after, before)


def test_a_loan_written_off_twice_is_no_single_allocation():
    action = WriteOff(account="standard", token="USDC")
    once = action.apply(BUSY)
    twice = with_pool(once, reserve=once.pools["USDC"].reserve - 1)

    assert "shortfall-allocated-once" not in broken_by(action, once)
    assert "shortfall-allocated-once" in broken_by(action, twice)


def test_a_real_liquidation_keeps_all_of_them():
    down = fallen("BTC", "62000")
    action = LiquidateOnBook(account="standard", market="BTC")
    after = step(down, action)

    assert not broken_by(action, after, down)
    assert not broken(after) - {"margin-covers-falling-collateral"}


def test_unwinding_what_the_vault_does_not_hold_is_refused():
    assert Unwind(market="BTC", size="1").refusal(BUSY) is not None
