"""The state of an exchange, how it begins, what a step is, and what the venue does of its own accord."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve, fields_dict
from exchange_examples import (
    FREE,
    HOUR,
    assert_books_balance,
    at,
    cash,
    idle,
    isolated,
    member,
    opening,
    refused,
    run,
    trades,
    with_token,
)

from solvent.account import Order, Position, Regime
from solvent.exchange import (
    BACKSTOP,
    BOOK,
    VAULT,
    Accrue,
    AddMargin,
    AllocateShortfall,
    AutoBorrow,
    AutoRepay,
    AutoSupply,
    Borrow,
    CancelOrder,
    ChangeDepth,
    ChangeLeverage,
    ChangeParameter,
    Deleverage,
    Deposit,
    Fill,
    Group,
    LiquidateCollateral,
    LiquidateOnBook,
    Market,
    MarketOrder,
    Member,
    MovePrices,
    PassTime,
    PerpToSpot,
    PlaceOrder,
    Refused,
    RemoveMargin,
    Repay,
    RepayTaken,
    SellCollateral,
    Send,
    SettleFunding,
    SpotMarket,
    SpotToPerp,
    SubAccountTransfer,
    Supply,
    SwitchMode,
    TakeOver,
    Unwind,
    Withdraw,
    WithdrawSupply,
    WriteOff,
    all_actions,
    automatic,
    discharge,
    duties,
    found,
    step,
)
from solvent.exchange.state import amounts
from solvent.exchange.table import table

ONE = {"account": "alice"}
COIN = ONE | {"token": "USDC"}
SOME = COIN | {"amount": "1.5"}
BTC = ONE | {"market": "BTC"}
PAIR = {"sender": "alice", "receiver": "bob", "amount": 2}
FILL = {"market": "BTC", "buyer": "alice", "buy": "a", "seller": "bob", "sell": "b", "size": 2, "price": 9}

SENTENCES = [
    (Deposit(**SOME), "alice deposits 1.5 USDC"),
    (Withdraw(**SOME), "alice withdraws 1.5 USDC"),
    (Send(**PAIR, token="HYPE"), "alice sends 2 HYPE to bob"),
    (SubAccountTransfer(**PAIR), "alice transfers 2 from perps to bob, of the same owner"),
    (SubAccountTransfer(**PAIR, dex="xyz"), "alice transfers 2 from perps of xyz to bob, of the same owner"),
    (SpotToPerp(**ONE, amount=2), "alice moves 2 from spot to perps"),
    (SpotToPerp(**ONE, amount=2, dex="xyz"), "alice moves 2 from spot to perps of xyz"),
    (PerpToSpot(**ONE, amount=2), "alice moves 2 from perps to spot"),
    (PerpToSpot(**ONE, amount=2, dex="xyz"), "alice moves 2 from perps of xyz to spot"),
    (SwitchMode(**ONE, mode="portfolio"), "alice switches to portfolio mode"),
    (PlaceOrder(**BTC, order="a", size=-1, price=9), "alice places order a: -1 BTC at 9"),
    (
        PlaceOrder(**BTC, order="a", size=-1, price=9, reduce_only=True),
        "alice places order a: -1 BTC at 9, reduce-only",
    ),
    (CancelOrder(**ONE, order="a"), "alice cancels order a"),
    (MarketOrder(**BTC, size="0.25"), "alice trades 0.25 BTC at the market"),
    (MarketOrder(**BTC, size=-1, reduce_only=True), "alice trades -1 BTC at the market, reduce-only"),
    (AddMargin(**BTC, amount=7), "alice adds 7 to the margin of BTC"),
    (RemoveMargin(**BTC, amount=7), "alice removes 7 from the margin of BTC"),
    (ChangeLeverage(**BTC, leverage=5), "alice sets leverage 5 for BTC"),
    (ChangeLeverage(**BTC, leverage=5, isolated=True), "alice sets leverage 5 for BTC, isolated"),
    (Supply(**SOME), "alice supplies 1.5 USDC"),
    (WithdrawSupply(**SOME), "alice takes 1.5 USDC out of its supply"),
    (Borrow(**SOME), "alice borrows 1.5 USDC"),
    (Repay(**SOME), "alice repays 1.5 USDC"),
    (Accrue(token="USDC"), "interest of USDC accrues"),
    (AutoBorrow(**COIN), "alice is lent the USDC that it has committed"),
    (AutoRepay(**COIN), "alice repays the USDC that it no longer needs"),
    (AutoSupply(**COIN), "the idle USDC of alice is supplied"),
    (WriteOff(**COIN), "the USDC loan of alice is written off"),
    (Fill(**FILL), "2 BTC at 9 from bob (b) to alice (a)"),
    (SettleFunding(market="BTC"), "funding of BTC is paid"),
    (LiquidateOnBook(**BTC), "the BTC position of alice is liquidated on the book"),
    (TakeOver(**BTC), "the liquidator vault takes over alice, beginning with BTC"),
    (Deleverage(**BTC, counterparty="bob"), "the BTC position of alice is closed against bob"),
    (AllocateShortfall(**ONE), "the shortfall of alice in perps is allocated"),
    (AllocateShortfall(**ONE, dex="xyz"), "the shortfall of alice in perps of xyz is allocated"),
    (Unwind(market="BTC", size="0.5"), "the liquidator vault closes 0.5 BTC on the book"),
    (LiquidateCollateral(**ONE), "the backstop takes over collateral and debt of alice"),
    (SellCollateral(token="HYPE"), "the backstop sells HYPE"),
    (RepayTaken(token="USDT0"), "the backstop repays USDT0"),
    (
        MovePrices(
            marks={"BTC": "9.5"}, oracles={"ETH": 2}, spots={"HYPE": 3}, premiums={"BTC": "0.1"}, usdt="0.9"
        ),
        "prices move: BTC to 9.5, oracle of ETH to 2, spot HYPE to 3, premium of BTC to 0.1, USDT to 0.9",
    ),
    (MovePrices(), "prices move: none"),
    (
        ChangeDepth(market="BTC", width=100),
        "the book of BTC changes: spread 0, width 100, any size",
    ),
    (
        ChangeDepth(market="BTC", width=100, spread="0.01", size=3),
        "the book of BTC changes: spread 0.01, width 100, size at most 3",
    ),
    (PassTime(milliseconds=1500), "1500 ms pass"),
    (PassTime(milliseconds=3000), "3 s pass"),
    (ChangeParameter(parameter="HYPE.ltv", value="0.5"), "the venue sets HYPE.ltv to 0.5"),
]


# Actions and steps


def test_every_action_has_an_example_here():
    assert {type(action).name() for action, _ in SENTENCES} == set(all_actions())


@pytest.mark.parametrize(("action", "sentence"), SENTENCES, ids=[text for _, text in SENTENCES])
def test_an_action_reads_as_a_sentence(action, sentence):
    assert str(action) == sentence
    assert all_actions()[action.name()] is type(action)


def test_a_refusal_says_what_was_asked_and_by_which_rule():
    exchange = opening(member("alice", USDC=1))

    with pytest.raises(Refused) as ruled:
        step(exchange, Withdraw(account="alice", token="USDC", amount=2))
    with pytest.raises(Refused) as plain:
        step(exchange, Deposit(account="alice", token="USDC", amount=0))

    assert str(ruled.value) == (
        "alice withdraws 2 USDC: refused unless the amount is withdrawable from alice (PERP-WITHDRAWABLE)"
    )
    assert str(plain.value) == "alice deposits 0 USDC: refused unless the amount is above zero"


def named_accounts():
    """Each action with each of its fields that names an account."""
    for action in {type(a): a for a, _ in SENTENCES}.values():
        for field in ("account", "sender", "receiver", "buyer", "seller", "counterparty"):
            if field in fields_dict(type(action)):
                yield pytest.param(action, field, id=f"{action.name()}-{field}")


@pytest.mark.parametrize(("action", "field"), list(named_accounts()))
def test_an_action_of_an_unknown_account_is_refused(action, field):
    exchange = trades(opening(member("alice", raw=9999), member("bob", raw=9999)), "alice", "0.1")

    refused(exchange, evolve(action, **{field: "ghost"}), "there is an account ghost")


@pytest.mark.parametrize("name", [VAULT, f"{VAULT}:xyz", BACKSTOP])
@pytest.mark.parametrize(
    "action",
    [a for a, _ in SENTENCES if a.group is Group.USER or isinstance(a, AutoBorrow | AutoRepay | AutoSupply)],
    ids=str,
)
def test_no_user_commands_an_account_of_the_venue(action, name):
    field = "sender" if "sender" in fields_dict(type(action)) else "account"

    refused(opening(member("bob")), evolve(action, **{field: name}), f"{name} is the account of a user")


def test_the_same_actions_give_the_same_state():
    actions = [
        Deposit(account="alice", token="USDC", amount="10.5"),
        SpotToPerp(account="alice", amount="10.5"),
        MarketOrder(account="alice", market="BTC", size="-0.001"),
        PassTime(milliseconds=HOUR),
        SettleFunding(market="BTC"),
    ]

    first, second = (run(opening(member("alice")), *actions) for _ in range(2))

    assert first == second
    assert repr(first) == repr(second)


# Tables and amounts


def test_a_table_is_walked_in_the_order_of_its_names_and_shares_nothing_that_changes():
    first = table({"b": 1, "a": 2})

    more, less = first.put("c", 3), first.drop("a").drop("zzz")

    assert (list(first), list(more), list(less)) == (["a", "b"], ["a", "b", "c"], ["b"])
    assert list(more.items()) == [("a", 2), ("b", 1), ("c", 3)]
    assert (list(first.values()), len(more), "c" in first, first.get("c", 9)) == ([2, 1], 3, False, 9)
    assert table(first) is first
    assert first == table({"a": 2, "b": 1}) != more
    assert repr(first) == "Table({'a': 2, 'b': 1})"


def test_amounts_are_exact_and_never_floats():
    assert amounts({"USDC": "0.1"})["USDC"] == Fraction(1, 10)
    with pytest.raises(TypeError, match="float"):
        amounts({"USDC": 0.1})
    with pytest.raises(ValueError, match="decimal"):
        Deposit(account="alice", token="USDC", amount="1e3")


# How an exchange begins


def test_an_exchange_begins_with_what_its_accounts_bring_in():
    exchange = opening(member("alice", raw=5, xyz="2.5", USDC=1, HYPE=3), vault=7, now=99)
    bare = opening(now=99)

    brought = {token: exchange.external[token] - bare.external[token] for token in ("USDC", "HYPE")}
    assert brought == {"USDC": Fraction("8.5") + 7, "HYPE": 3}
    assert {BOOK, BACKSTOP, VAULT, f"{VAULT}:xyz"} < set(exchange.members)
    assert list(exchange.pools) == ["HYPE", "UBTC", "USDC", "USDT0"]
    assert {market.funded for market in exchange.markets.values()} == {99}
    assert {pool.accrued for pool in exchange.pools.values()} == {99}
    assert_books_balance(exchange)


@pytest.mark.parametrize(
    "already",
    [
        {"positions": {"BTC": Position(market="BTC", size=1, leverage=1)}},
        {"orders": {"a": Order(market="BTC", side=1, size=1, price=1, leverage=1)}},
        {"supplied": {"USDC": 1}},
        {"borrowed": {"USDC": 1}},
        {"deficit": {"": -1}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_nobody_begins_with_anything_but_tokens_and_cash(already):
    with pytest.raises(ValueError, match="account alice begins with positions"):
        opening(Member(name="alice", **already))


def test_no_name_stands_twice():
    perp = Market(name="BTC", mark=1, oracle=1, previous_mark=1, previous_oracle=1)
    spot = SpotMarket(token="HYPE", price=1)

    for twice, what in (
        ({"members": [Member(name="a"), Member(name="a")]}, "account a"),
        ({"markets": [perp, perp]}, "market BTC"),
        ({"spots": [spot, spot]}, "spot market HYPE"),
    ):
        with pytest.raises(ValueError, match=f"{what} stands twice"):
            found(FREE, **twice)


def test_a_token_without_a_price_is_nobodys_and_has_no_pool():
    assert list(found(FREE).pools) == ["USDC"]
    for given in ({"members": [Member(name="alice", spot={"HYPE": 1})]}, {"pools": ["HYPE"]}):
        with pytest.raises(ValueError, match="token HYPE has no spot market"):
            found(FREE, **given)


# Views


def test_the_account_of_a_member_holds_its_balances_orders_and_dexes():
    exchange = run(
        trades(opening(member("alice", raw=9000, USDC=500, HYPE=9)), "alice", "0.1"),
        Supply(account="alice", token="HYPE", amount=4),
        PlaceOrder(account="alice", order="buy", market="HYPE/USDC", size=2, price=30),
        PlaceOrder(account="alice", order="sell", market="HYPE/USDC", size=-3, price=50),
        PlaceOrder(account="alice", order="perp", market="ETH", size=1, price=1500),
    )

    account = exchange.account("alice")

    hype, quote = account.balance("HYPE"), account.balance("USDC")
    assert (hype.idle, hype.supplied, hype.selling, hype.buying) == (5, 4, 3, 0)
    assert (quote.idle, quote.buying, quote.selling) == (500, 60, 0)
    (dex,) = account.dexes
    assert (dex.name, dex.raw, [p.size for p in dex.positions]) == ("", -1000, [Fraction(1, 10)])
    assert [order.market for order in dex.orders] == ["ETH"]


@pytest.mark.parametrize("reading", ["new-borrowing", "existing-borrowers"])
def test_at_the_global_cap_a_venue_may_margin_portfolio_accounts_as_unified_ones(reading):
    venue = with_token(FREE, "USDC", global_borrow_cap=1000).with_readings({"MODE-FALLBACK": reading})
    exchange = run(
        opening(member("alice", "portfolio", USDC=300, HYPE=100), member("sue", USDC=5000), venue=venue),
        Supply(account="sue", token="USDC", amount=5000),
        AutoSupply(account="alice", token="HYPE"),
    )
    below = run(trades(exchange, "alice", "0.0129", "UBTC/USDC"), AutoBorrow(account="alice", token="USDC"))
    full = run(trades(exchange, "alice", "0.013", "UBTC/USDC"), AutoBorrow(account="alice", token="USDC"))

    falls = reading == "existing-borrowers"
    assert (below.fallen_back(), full.fallen_back()) == (False, falls)
    margined = full.margined("alice")
    assert margined.regime is (Regime.UNIFIED if falls else Regime.PORTFOLIO)
    assert margined.balance("HYPE").idle == (100 if falls else 0)
    assert margined.balance("USDC").idle == (0 if falls else 1000)
    assert full.account("alice").regime is Regime.PORTFOLIO


# What the venue does of its own accord


def test_the_venue_does_what_is_due_account_by_account_and_ends():
    exchange = opening(*(member(name, raw=5000) for name in ("bob", "alice", "carol")), vault=10_000)
    for name in ("alice", "bob", "carol"):
        exchange = trades(exchange, name, 1 if name != "carol" else "0.9")
    exchange = at(exchange, BTC=95_800)

    # Alice and bob have 800 of 1 197.50, carol 1 220 of 1 077.75.
    assert [str(action) for action in duties(exchange)][:2] == [
        "the BTC position of alice is liquidated on the book",
        "the BTC position of bob is liquidated on the book",
    ]
    done = discharge(at(exchange, BTC=95_700))

    assert [str(action) for action in done.actions] == [
        "the liquidator vault takes over alice, beginning with BTC",
        "the liquidator vault takes over bob, beginning with BTC",
    ]
    assert done.ended
    assert next(duties(done.exchange), None) is None
    assert_books_balance(done.exchange)


def test_deleveraging_comes_before_all_else_and_shortfalls_last():
    exchange = opening(member("alice", raw=5000), vault=300)
    exchange = at(at(trades(exchange, "alice", 1), BTC=94_000), BTC=93_000)

    done = discharge(exchange)

    assert [str(action) for action in done.actions] == [
        "the BTC position of alice is closed against maker",
        "the shortfall of alice in perps is allocated",
    ]
    assert (cash(done.exchange, "alice"), done.exchange.treasury["USDC"]) == (0, -700)


def test_who_opens_after_the_fall_is_not_ruined_by_deleveraging():
    exchange = opening(
        *(member(name, raw=raw) for name, raw in (("alice", 5000), ("bob", 2500), ("carol", 10**6)))
    )
    exchange = at(trades(exchange, "alice", 1, against="carol"), BTC=94_000)
    exchange = trades(exchange, "bob", -1)

    done = discharge(exchange)

    assert "BTC" not in done.exchange.members["alice"].positions
    assert cash(done.exchange, "bob") - 94_000 == 2500
    assert not done.exchange.treasury.get("USDC")


def test_an_isolated_position_is_dealt_with_beside_the_cross_positions():
    exchange = trades(opening(member("alice", raw=20_000)), "alice", 1, "ETH")
    exchange = at(isolated(exchange, "alice", 1, 10), BTC=90_500)

    done = discharge(exchange)

    assert list(done.exchange.members["alice"].positions) == ["ETH"]
    assert done.actions == (TakeOver(account="alice", market="BTC"),)


def test_a_discharge_stops_at_its_limit_and_says_so():
    exchange = opening(*(member(name, raw=5000) for name in ("alice", "bob")))
    for name in ("alice", "bob"):
        exchange = trades(exchange, name, 1)

    done = discharge(at(exchange, BTC=96_000), limit=1)

    assert (len(done.actions), done.ended) == (1, False)
    assert discharge(done.exchange, limit=1).ended


def test_collateral_is_sold_and_written_off_once_perps_are_done():
    exchange = run(
        opening(member("alice", HYPE=100), member("sue", USDC=5000)),
        Supply(account="sue", token="USDC", amount=5000),
        Supply(account="alice", token="HYPE", amount=100),
        Borrow(account="alice", token="USDC", amount=2000),
    )

    first = discharge(at(exchange, HYPE=10))
    later = discharge(run(first.exchange, PassTime(milliseconds=100 * HOUR)))

    assert [str(action) for action in first.actions] == [
        "the backstop takes over collateral and debt of alice"
    ]
    assert [str(action) for action in later.actions] == [
        "interest of USDC accrues",
        "the backstop sells HYPE",
        "the USDC loan of backstop is written off",
    ]
    assert_books_balance(later.exchange)


def test_automatic_lending_lends_repays_and_supplies_for_portfolio_accounts():
    exchange = run(
        opening(member("alice", "portfolio", USDC=100, HYPE=100), member("sue", USDC=5000)),
        Supply(account="sue", token="USDC", amount=5000),
    )

    supplies = list(automatic(exchange))
    exchange = trades(run(exchange, *supplies), "alice", "0.002", "UBTC/USDC")
    loan = next(automatic(exchange))
    exchange = run(trades(run(exchange, loan), "alice", "-0.002", "UBTC/USDC"))

    assert [str(action) for action in supplies] == [
        "the idle HYPE of alice is supplied",
        "the idle USDC of alice is supplied",
    ]
    assert str(loan) == "alice is lent the USDC that it has committed"
    assert str(next(automatic(exchange))) == "alice repays the USDC that it no longer needs"
    assert (idle(exchange, "alice"), cash(exchange, "alice")) == (100 + 200, -200)
