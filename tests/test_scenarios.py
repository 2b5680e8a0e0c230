"""Scenarios say what they show: each one plays as expected, and is the same after it has been written and read."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from attrs import evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent import InputError, Regime, bundle, load_venue
from solvent.exchange import (
    ChangeLeverage,
    ChangeParameter,
    Deposit,
    Exchange,
    Market,
    MarketOrder,
    Member,
    MovePrices,
    PassTime,
    PlaceOrder,
    SpotMarket,
    SwitchMode,
    Withdraw,
    all_actions,
    found,
)
from solvent.exchange.record import action_fields, action_of, number_of, number_text, snapshot, text
from solvent.exchange.table import Table
from solvent.invariants import state_invariants, step_invariants, step_violations, violations
from solvent.scenario import Fact, Scenario, Step, play, read, touched, value_of, write, write_log
from solvent.scenario.facts import OF_ACCOUNT, OF_ACCOUNT_AND, OF_MARKET, OF_POOL
from solvent.scenario.play import holds

FOLDER = bundle.spec() / "scenarios"
BUNDLED = sorted(FOLDER.glob("*.toml"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")
VENUE = load_venue("hyperliquid-beta")
NUMBERS = st.fractions(max_denominator=10**9)
NAMES = st.text(min_size=1, max_size=8).filter(str.strip)
TEXTS = st.one_of(
    st.text(max_size=40), st.sampled_from(['"""', "'''", "a\\", "# b\n[[steps]]\nc = 1", '\\"""', "\t\x7f"])
)

each_bundled = pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)


def begins(venue=VENUE):
    """An exchange with one market and an account of 1,000 dollars in spot and 5,000 in perps."""
    market = Market(name="BTC", mark=100, oracle=100, previous_mark=100, previous_oracle=100)
    members = (
        Member(name="ann", spot={"USDC": 1000}, raw={"": 5000}),
        Member(name="book", spot={"USDC": 10**6}, raw={"": 10**6}),
    )
    return found(
        venue,
        markets=[market],
        spots=[SpotMarket(token="UBTC", price=100, perp="BTC")],
        members=members,
    )


def scenario(*steps, exchange=None):
    exchange = begins() if exchange is None else exchange
    return Scenario("A title", "A story.", exchange.venue, exchange, steps)


def near(number):
    """A number up to what an order costs that moves a deep book."""
    return pytest.approx(float(number), abs=1e-4)


def last_state(played):
    return list(play(played))[-1].after


def fault(path, found_, expected):
    return InputError("given", ".".join(path), found_, expected)


# The bundled scenarios


@each_bundled
def test_a_bundled_scenario_is_as_expected(path):
    assert [failure for moment in play(read(path)) for failure in moment.failed] == []


@each_bundled
def test_a_bundled_scenario_states_facts_and_has_a_story(path):
    bundled = read(path)

    assert len(bundled.story) > 200
    assert sum(len(step.expect) for step in bundled.steps) >= 10


def test_every_bundled_scenario_is_listed():
    assert re.findall(r"^\| \[([\w-]+)\]\(\1\.toml\)", README, re.MULTILINE)
    assert {f"{name}.toml" for name in re.findall(r"^\| \[([\w-]+)\]\(", README, re.MULTILINE)} == {
        path.name for path in BUNDLED
    }


def test_every_action_and_every_figure_is_described():
    words = set(re.findall(r"[`.](\w+)", README))

    assert {*all_actions()} <= words
    assert {*OF_ACCOUNT, *OF_ACCOUNT_AND, *OF_POOL, *OF_MARKET} <= words


def broken(path):
    """The names of the invariants that do not hold somewhere in a scenario."""
    for moment in play(read(path)):
        yield from (found_.invariant.name for found_ in violations(moment.after))
        if moment.refusal is None:
            steps = step_violations(moment.before, moment.step.action, moment.after)
            yield from (found_.invariant.name for found_ in steps)


def test_a_refuted_invariant_names_a_scenario_that_breaks_it():
    invariants = [*state_invariants().values(), *step_invariants().values()]
    refuted = {one.name: one.refuted_by for one in invariants if not one.expected}

    assert refuted
    for name, by in refuted.items():
        assert name in set(broken(FOLDER / f"{by}.toml"))


@each_bundled
def test_every_invariant_that_is_held_to_holds_in_a_bundled_scenario(path):
    held = {one.name for one in (*state_invariants().values(), *step_invariants().values()) if one.expected}

    assert held & set(broken(path)) == set()


# Written and read


@each_bundled
def test_what_is_written_reads_as_the_same_scenario(path, tmp_path):
    bundled = read(path)
    (tmp_path / "again.toml").write_text(write(bundled), encoding="utf-8")

    assert read(tmp_path / "again.toml") == bundled


@each_bundled
def test_an_action_log_ends_in_the_same_state_byte_for_byte(path, tmp_path):
    bundled = read(path)
    (tmp_path / "log.jsonl").write_text(write_log(bundled), encoding="utf-8")
    log = read(tmp_path / "log.jsonl")

    assert log == bundled
    assert text(last_state(log)) == text(last_state(bundled))


def test_a_step_knows_its_line(tmp_path):
    written = scenario(Step(PassTime(milliseconds=1)), Step(PassTime(milliseconds=2), note="one\ntwo"))
    (tmp_path / "s.toml").write_text(write(written))
    (tmp_path / "s.jsonl").write_text(write_log(written))
    lines = (tmp_path / "s.toml").read_text().splitlines()

    assert [lines[step.line - 1] for step in read(tmp_path / "s.toml").steps] == ["[[steps]]", "[[steps]]"]
    assert [step.line for step in read(tmp_path / "s.jsonl").steps] == [2, 3]


def test_readings_and_parameters_are_written_as_far_as_they_are_not_the_venues(tmp_path):
    exchange = Exchange(venue=VENUE.with_readings({"MODE-FALLBACK": "existing-borrowers"}))
    for parameter, value in (("transfer_fraction", 0), ("USDC.global_borrow_cap", "12.5")):
        exchange = ChangeParameter(parameter=parameter, value=value).apply(exchange)
    changed = scenario(exchange=begins(exchange.venue))
    (tmp_path / "s.toml").write_text(write(changed))
    written = (tmp_path / "s.toml").read_text()

    assert read(tmp_path / "s.toml") == changed
    assert 'MODE-FALLBACK = "existing-borrowers"' in written
    assert 'global_borrow_cap = "12.5"' in written
    assert "order_buffer" not in written


def test_the_venue_may_be_a_file_beside_the_scenario(tmp_path):
    path = FOLDER / "carry-trade.toml"
    (tmp_path / "mine.toml").write_text(
        (bundle.spec() / "venues" / "hyperliquid-beta.toml").read_text(encoding="utf-8")
    )
    own = path.read_text(encoding="utf-8").replace('"hyperliquid-beta"', '"mine.toml"')
    (tmp_path / "s.toml").write_text(own)
    mine = read(tmp_path / "s.toml")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "again.toml").write_text(write(mine))

    assert mine.venue.name == "mine"
    assert read(tmp_path / "deeper" / "again.toml") == mine


def test_a_beginning_that_accounts_do_not_found_is_not_written():
    started = MarketOrder(account="ann", market="BTC", size=1).apply(begins())

    with pytest.raises(ValueError, match="cannot be written"):
        write(scenario(exchange=started))


def test_a_venue_without_a_file_is_not_written():
    with pytest.raises(ValueError, match="no bundled venue"):
        write(scenario(exchange=begins(evolve(VENUE, name="elsewhere"))))


@settings(max_examples=50)
@given(names=st.lists(NAMES, min_size=1, max_size=3, unique=True), story=TEXTS, note=TEXTS)
def test_any_names_and_texts_survive(tmp_path_factory, names, story, note):
    steps = tuple(
        Step(
            Deposit(account=name, token="USDC", amount=1), refused="account", note=f"see {note}", expect=facts
        )
        for name, facts in zip(names, [(), (Fact(("backstop", "status"), "healthy"),), ()], strict=False)
    )
    exchange = found(VENUE, members=[Member(name=f"a {name!r}") for name in names])
    told = Scenario("title", f"story {story}.", VENUE, exchange, steps)
    folder = tmp_path_factory.mktemp("told")
    (folder / "s.toml").write_text(write(told), encoding="utf-8", newline="")
    (folder / "s.jsonl").write_text(write_log(told), encoding="utf-8")

    assert read(folder / "s.toml") == told
    assert read(folder / "s.jsonl") == told


# Played


def test_a_refused_action_leaves_the_very_same_exchange():
    (moment,) = play(
        scenario(Step(Withdraw(account="ann", token="USDC", amount=1001), refused="PERP-WITHDRAWABLE"))
    )

    assert moment.after is moment.before
    assert moment.failed == ()


@pytest.mark.parametrize(
    ("amount", "refused", "failed"),
    [
        (1, None, []),
        (1, "PERP-WITHDRAWABLE", [("refused", "PERP-WITHDRAWABLE", "allowed")]),
        (1001, "PERP-WITHDRAWABLE", []),
        (1001, "is withdrawable", []),
        (1001, "PERP-TRANSFER", None),
        (1001, None, None),
    ],
)
def test_a_refusal_is_held_to_its_rule_or_its_reason(amount, refused, failed):
    step = Step(Withdraw(account="ann", token="USDC", amount=amount), refused=refused)
    (moment,) = play(scenario(step))
    reason = "refused unless the amount is withdrawable from ann (PERP-WITHDRAWABLE)"
    otherwise = [("refused", refused or "allowed", reason)]

    assert [(f.fact, f.expected, f.found) for f in moment.failed] == (otherwise if failed is None else failed)


def test_the_story_goes_on_after_a_failure():
    steps = (
        Step(Withdraw(account="ann", token="USDC", amount=1001)),
        Step(
            Withdraw(account="ann", token="USDC", amount=400), expect=(Fact(("ann", "spot", "USDC"), "600"),)
        ),
    )
    moments = list(play(scenario(*steps)))

    assert [len(moment.failed) for moment in moments] == [1, 0]


@pytest.mark.parametrize(
    ("expected", "found_", "holding"),
    [
        ("0.4699", Fraction("0.46985"), False),
        ("0.4699", Fraction("0.469851"), True),
        ("0.4699", Fraction("0.46994"), True),
        ("65000", Fraction("65000.4"), True),
        ("65000", Fraction("65000.6"), False),
        ("0.50", Fraction(1, 2), True),
        ("0.50", Fraction("0.506"), False),
        ("2/3", Fraction(2, 3), True),
        ("2/3", Fraction("0.6667"), False),
        ("none", "none", True),
        ("0", "none", False),
        ("healthy", Fraction(1), False),
    ],
)
def test_a_number_is_held_to_the_digits_that_are_stated(expected, found_, holding):
    assert holds(Fact(("ann", "ratio"), expected), found_) is holding


def test_a_failed_fact_says_what_was_found():
    step = Step(PassTime(milliseconds=1), expect=(Fact(("ann", "equity"), "5999"),))
    (moment,) = play(scenario(step))
    (failure,) = moment.failed

    assert (failure.fact, failure.expected, failure.found) == ("ann.equity", "5999", 6000)


def test_a_step_is_about_whom_it_names_changes_or_states_facts_of():
    bought = Step(MarketOrder(account="ann", market="BTC", size=1))
    moved = Step(MovePrices(marks={"BTC": 101}), expect=(Fact(("book", "equity"), "0"),))
    first, second = play(scenario(bought, moved))

    assert touched(first) == ["ann"]
    assert touched(second) == ["ann", "book"]


# Figures


def test_figures_of_positions_orders_and_balances():
    exchange = begins()
    for action in (
        ChangeLeverage(account="ann", market="BTC", leverage=10, isolated=True),
        MarketOrder(account="ann", market="BTC", size=-20),
        PlaceOrder(account="ann", order="a", market="BTC", size=-2, price=200),
    ):
        exchange = action.apply(exchange)
    exchange = MovePrices(marks={"BTC": 90}).apply(exchange)
    fee = Fraction(2000) * Fraction("0.00045")
    figures = {
        "ann.size.BTC": -20,
        "ann.order.a": 2,
        "ann.order.b": "none",
        "ann.initial": 180,
        "ann.spot.USDC": 1000,
        "ann.supplied.UBTC": 0,
        "ann.loan": 0,
        "ann.health": "none",
        "ann.status": "healthy",
        "markets.BTC.mark": 90,
        "markets.BTC.open_interest": 20,
        "prices.UBTC": 90,
        "pools.USDC.utilization": 0,
    }

    assert {name: value_of(exchange, tuple(name.split("."))) for name in figures} == figures
    assert value_of(exchange, ("ann", "equity")) == near(6200 - fee)
    assert value_of(exchange, ("ann", "margin", "BTC")) == near(400 - fee)
    assert value_of(exchange, ("treasury", "USDC")) == near(fee + 2000 * Fraction("0.00015"))


def test_equity_counts_everything_once_in_every_mode():
    for mode in (Regime.CROSS, Regime.UNIFIED, Regime.PORTFOLIO):
        rich = Member(name="rich", mode=mode, spot={"USDC": 100, "UBTC": 2}, raw={"": 1000})
        markets = begins().markets.values()
        spots = begins().spots.values()
        exchange = found(VENUE, markets=markets, spots=spots, members=[rich, begins().members["book"]])
        after = MarketOrder(account="rich", market="BTC", size=3).apply(exchange)
        worth = value_of(MovePrices(marks={"BTC": 110}, spots={"UBTC": 110}).apply(after), ("rich", "equity"))

        assert worth == near(100 + 220 + 1000 + 30 - 300 * Fraction("0.00045"))


def test_a_figure_that_there_is_not_is_a_lookup_error():
    with pytest.raises(LookupError, match=r"ann\.wealth"):
        value_of(begins(), ("ann", "wealth"))


# Plain values


def of_field(field):
    """Values that an action's field may have."""
    if field.name in ("marks", "oracles", "spots", "premiums"):
        return st.dictionaries(NAMES, NUMBERS, max_size=3)
    if field.name in ("reduce_only", "isolated"):
        return st.booleans()
    if field.name == "milliseconds":
        return st.integers(-(10**15) + 1, 10**15 - 1)
    if field.name == "mode":
        return st.sampled_from(Regime)
    if field.converter is None:
        return NAMES
    return st.one_of(st.none(), NUMBERS) if field.default is None else NUMBERS


@pytest.mark.parametrize("name", all_actions())
@settings(max_examples=20)
@given(data=st.data())
def test_every_action_comes_back_from_its_fields(name, data):
    kind = all_actions()[name]
    action = kind(**{field.name: data.draw(of_field(field)) for field in fields(kind)})

    assert action_of(name, action_fields(action), fault) == action


@given(NUMBERS)
def test_every_number_comes_back_from_its_text(number):
    assert number_of(number_text(number)) == number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Fraction(1, 8), "0.125"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-7), "-7"),
        (5, "5"),
        (Fraction(1, 10**20), f"0.{'0' * 19}1"),
    ],
)
def test_a_number_is_a_decimal_where_a_finite_one_is_exact(number, shown):
    assert number_text(number) == shown


def test_a_number_of_any_length_has_a_text():
    huge = Fraction(7**9000, 3**9000)

    assert number_text(huge) != number_text(huge + 1)


def test_states_are_equal_exactly_when_their_texts_are():
    one, other = begins(), begins()
    changed = [
        Deposit(account="ann", token="USDC", amount=Fraction(1, 10**30)).apply(one),
        PassTime(milliseconds=1).apply(one),
        MovePrices(marks={"BTC": 100}, premiums={"BTC": "0.1"}).apply(one),
        SwitchMode(account="ann", mode="unified").apply(one),
        ChangeParameter(parameter="HYPE.ltv", value="0.6").apply(one),
    ]

    assert text(one) == text(other)
    assert len({text(state) for state in (one, *changed)}) == len(changed) + 1


def test_a_snapshot_does_not_know_in_which_order_things_came():
    forth = evolve(begins(), treasury=Table().put("A", Fraction(1)).put("B", Fraction(2)))
    back = evolve(begins(), treasury=Table().put("B", 2).put("A", 1))

    assert forth == back
    assert text(forth) == text(back)


def test_a_snapshot_takes_no_inexact_number():
    with pytest.raises(TypeError, match="no value of an exact state"):
        snapshot(evolve(begins(), now=1.5))


def test_the_stories_of_a_pair_begin_alike():
    for one, other in (
        ("price-pair-apart", "price-pair-together"),
        ("cap-fallback-existing-borrowers", "cap-fallback-new-borrowing"),
    ):
        first, second = (read(Path(FOLDER / f"{name}.toml")) for name in (one, other))

        assert first.begins.members == second.begins.members
        assert first.steps[:4] == second.steps[:4]
