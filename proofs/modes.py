"""Modes and caps: a switch moves nothing and frees nothing, and whose health depends on whom."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve

from solvent import load_venue
from solvent.account import Regime
from solvent.arithmetic import both, negate
from solvent.exchange import (
    AddMargin,
    AutoBorrow,
    AutoSupply,
    Borrow,
    CancelOrder,
    ChangeLeverage,
    Deposit,
    Market,
    MarketOrder,
    Member,
    PlaceOrder,
    RemoveMargin,
    Repay,
    Send,
    SpotMarket,
    SubAccountTransfer,
    Supply,
    SwitchMode,
    Withdraw,
    WithdrawSupply,
    found,
    step,
)
from solvent.exchange.margin import free_supply, liquidatable, movable_from_dex, withdrawable_of
from solvent.invariants.kit import holdings
from solvent.prove.examples import any_numbers, pair_exchange, switching_exchange
from solvent.prove.pools import regimes_of
from solvent.prove.theorem import Family, Part, theorem
from solvent.prove.wellformed import assume_all, assume_well_formed, pools_well_formed, shares_well_formed

MODES = (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO)


def venue_of(given):
    """The venue, or where parameters are symbols the structure of one."""
    return given.venue or load_venue("hyperliquid-beta")


def switches(given):
    """An account without positions in every mode of the column, before and after a switch to every other: (words, switch, before, after)."""
    for mode in regimes_of(given, *MODES):
        example = switching_exchange(venue_of(given), mode)
        before = any_numbers(given, example, of="" if given.regime else f"{mode} mode: ")
        for other in MODES:
            if other is not mode:
                switch = SwitchMode(account="ann", mode=other)
                yield f"{mode} to {other}", switch, before, switch.apply(before)


def tokens(exchange):
    """The tokens of the account."""
    member = exchange.members["ann"]
    return sorted({*member.spot, *member.supplied, exchange.venue.quote})


def free(exchange, token):
    """All that may leave the account of a token by any way out: spot, shared balance, perps, and supply."""
    amount = withdrawable_of(exchange, "ann", token) + free_supply(exchange, "ann", token)
    if exchange.members["ann"].mode is Regime.CROSS and token == exchange.venue.quote:
        amount = amount + movable_from_dex(exchange, "ann", "")
    return amount


@theorem(
    Family.MODES,
    regimes=MODES,
    why="A mode that counts a balance twice, or not at all, gives money away at every switch.",
)
def a_switch_of_mode_leaves_an_account_with_what_it_has(given):
    """A switch of mode leaves an account with the same holdings, supplies and loans of every token, and switching back too."""
    parts = []
    for words, switch, before, after in switches(given):
        back = SwitchMode(account="ann", mode=before.members["ann"].mode).apply(after)
        same = []
        for token in tokens(before):
            was, *then = (
                (holdings(x, x.members["ann"], token), x.supplied(x.members["ann"], token))
                for x in (before, after, back)
            )
            same += [both(was[0] == now[0], was[1] == now[1]) for now in then]
        parts.append(Part(words, both(*same), switch.allowed(before)))
    return parts


@theorem(
    Family.MODES,
    regimes=MODES,
    why="Two switches must not be a way out for money that each mode alone holds.",
)
def a_switch_of_mode_creates_no_withdrawable_value(given):
    """After a switch of mode no more of any token may leave the account than before it, supplies included.

    Of collateral after a switch out of portfolio mode: a_switch_out_of_portfolio_mode_frees_no_collateral.
    """
    parts = []
    for words, switch, before, after in switches(given):
        assume_all(given, shares_well_formed(before))
        leaves = before.members["ann"].mode is Regime.PORTFOLIO
        counted = [token for token in tokens(before) if token == before.venue.quote or not leaves]
        no_more = [free(after, token) <= free(before, token) for token in counted]
        parts.append(Part(words, both(*no_more), switch.allowed(before)))
    return parts


@theorem(
    Family.MODES,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="In the alpha a perp balance below zero held collateral even beside enough cash: a switch and back was a way out.",
    false=True,
    repair="measure the hold of collateral against the whole equity, as since the beta (PM-COLLATERAL-HOLD, beta)",
)
def a_switch_out_of_portfolio_mode_frees_no_collateral(given):
    """After a switch out of portfolio mode no more of the collateral may leave the account than before it."""
    parts = []
    for words, switch, before, after in switches(given):
        assume_all(given, shares_well_formed(before))
        no_more = free(after, "HYPE") <= free(before, "HYPE")
        parts.append(Part(words, no_more, switch.allowed(before)))
    return parts


@theorem(
    Family.MODES,
    regimes=MODES,
    why="A loss must not hide in a mode that does not look at it.",
)
def a_switch_of_mode_hides_no_loss(given):
    """A switch of mode is allowed only of an account with no balance below zero, no loan and no deficit, and leaves it healthy."""
    parts = []
    for words, switch, before, after in switches(given):
        assume_all(given, pools_well_formed(before))
        member = after.members["ann"]
        owned = both(*(amount >= 0 for amount in member.spot.values()))
        bare = not len(member.borrowed) and not len(member.deficit) and not len(member.positions)
        parts.append(
            Part(words, both(owned, bare, negate(liquidatable(after, "ann"))), switch.allowed(before))
        )
    return parts


def actions_of(exchange, amount, price):
    """Every action by which a user changes what is hers or asks for something, pools included."""
    quote, own = exchange.venue.quote, {"account": "ann"}
    portfolio = exchange.members["ann"].mode is Regime.PORTFOLIO
    return [
        Deposit(token=quote, amount=amount, **own),
        Withdraw(token=quote, amount=amount, **own),
        Send(sender="ann", receiver="ann/sub", token=quote, amount=amount),
        SubAccountTransfer(sender="ann", receiver="ann/sub", amount=amount),
        PlaceOrder(order="more", market="BTC", size="1", price=price, **own),
        CancelOrder(order="buy", **own),
        *(MarketOrder(market=market, size=amount, **own) for market in ("BTC", "ETH", f"HYPE/{quote}")),
        AddMargin(market="ETH", amount=amount, **own),
        RemoveMargin(market="ETH", amount=amount, **own),
        ChangeLeverage(market="BTC", leverage=amount, **own),
        *(Supply(token=token, amount=amount, **own) for token in (quote, "HYPE")),
        *(WithdrawSupply(token=token, amount=amount, **own) for token in (quote, "HYPE")),
        Repay(token=quote, amount=amount, **own),
        AutoBorrow(token=quote, **own) if portfolio else Borrow(token=quote, amount=amount, **own),
    ]


def named(happening):
    """The action with its market or token."""
    about = getattr(happening, "market", getattr(happening, "token", ""))
    return " of ".join(filter(None, (happening.name().replace("_", " "), about)))


@theorem(
    Family.MODES,
    regimes=MODES,
    why="Whether I am liquidated must not be in the hands of another user.",
)
def no_action_of_a_user_changes_the_health_of_another(given):
    """Whatever a user does, every other account is liquidatable after it exactly when it was before.

    By the reading of the cap fallback in which new borrowing stops at the caps (MODE-FALLBACK, new-borrowing).
    """
    amount, price, parts = given.number("amount", "5"), given.number("price", "1000"), []
    for mode in regimes_of(given, *MODES):
        example = pair_exchange(venue_of(given), mode)
        exchange = any_numbers(given, example, of="" if given.regime else f"{mode} mode: ")
        before = liquidatable(exchange, "bob")
        for happening in actions_of(exchange, amount, price):
            after = liquidatable(happening.apply(exchange), "bob")
            kept = both(before == after, negate(exchange.fallen_back()))
            parts.append(Part(f"{named(happening)}: bob in {mode} mode", kept))
    return parts


def at_the_cap(venue):
    """A hedged borrower, and another user with collateral, at a pool whose loans are one below the global cap."""
    read = venue.with_readings({"MODE-FALLBACK": "existing-borrowers"})
    capped = evolve(read.tokens[venue.quote], global_borrow_cap=Fraction(1000))
    own = {"mode": Regime.PORTFOLIO, "spot": {"HYPE": "100"}}
    begun = found(
        evolve(read, tokens={**read.tokens, venue.quote: capped}),
        markets=[
            Market(name="HYPE", **dict.fromkeys(("mark", "oracle", "previous_mark", "previous_oracle"), "40"))
        ],
        spots=[SpotMarket(token="HYPE", price="40", perp="HYPE")],
        members=[
            Member(name="ann", **own),
            Member(name="bob", spot={"HYPE": "100"}),
            Member(name="lender", spot={"USDC": "5000"}),
            Member(name="book", raw={"": "100000"}),
        ],
    )
    steps = [
        Supply(account="lender", token=venue.quote, amount="5000"),
        AutoSupply(account="ann", token="HYPE"),
        ChangeLeverage(account="ann", market="HYPE", leverage="10"),
        MarketOrder(account="ann", market="HYPE", size="-50"),
        AutoBorrow(account="ann", token=venue.quote),
        Supply(account="bob", token="HYPE", amount="100"),
    ]
    for happening in steps:
        begun = step(begun, happening)
    left = 999 - begun.pools[venue.quote].borrowed
    return step(begun, Borrow(account="bob", token=venue.quote, amount=left))


@theorem(
    Family.MODES,
    regimes=(Regime.PORTFOLIO,),
    general=False,
    why="The documentation lets portfolio accounts fall back when the borrow cap is reached; one reading re-margins all of them.",
    false=True,
    repair="stop new borrowing at the caps and leave the margin of existing borrowers as it is (MODE-FALLBACK, new-borrowing)",
)
def at_the_caps_the_health_of_a_borrower_does_not_depend_on_others(given):
    """Where all portfolio accounts fall back at the caps (MODE-FALLBACK, existing-borrowers), no loan of another makes an account liquidatable."""
    exchange = given.state(at_the_cap(given.venue), KEPT)
    assume_well_formed(given, exchange)
    loan = Borrow(account="bob", token=given.venue.quote, amount="1")
    safe = negate(liquidatable(loan.apply(exchange), "ann"))
    return [Part("", safe, both(loan.allowed(exchange), negate(liquidatable(exchange, "ann"))))]


KEPT = (
    *("markets.", "spots.", "usdt", "pools", "treasury", "external", "members.bob", "members.lender"),
    *("members.book", "members.vault", "members.backstop", "members.ann.settings", "members.ann.positions"),
)
