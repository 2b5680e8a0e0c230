"""The audit gives the same events every time, uses a kept result only if it stands, and hides no trouble."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
import statements
from attrs import evolve
from statements import GENERAL, stated

from solvent import InputError, bundle, load_venue
from solvent.account import Regime
from solvent.prove.audit import Audit, Job, Settings, load, run_job, theorem_files
from solvent.prove.decide import decide
from solvent.prove.kept import Finding, Kept, fingerprint
from solvent.prove.second import Opinion, by_cvc5, by_z3, opinion, questions
from solvent.prove.theorem import Verdict, obligation
from solvent.report.audit_reading import read
from solvent.report.events import Overall, footer, stream, without_times

BETA = load_venue("hyperliquid-beta")
ALPHA = load_venue("hyperliquid-alpha")
CHOSEN = (
    "the_ratio_falls_as_equity_rises",
    "a_unified_ratio_of_at_most_one_means_that_nothing_is_missing",
    "the_ratio_passes_its_trigger_exactly_when_positions_are_liquidatable",
)
WITHOUT_REGIME = "without_a_liquidation_price_no_price_liquidates_unless_all_do"
MARGIN = '''
from solvent.account import Regime
from solvent.prove.theorem import Family, theorem


@theorem(Family.COVERAGE, regimes=(Regime.PORTFOLIO,), over="collateral", general=False)
def {name}(given):
    """A loan at the LTV is at most six tenths of its collateral."""
    collateral = given.number("collateral")
    given.assume("there is collateral", collateral > 0)
    return given.parameter("token.ltv") * collateral * 10 <= 6 * collateral
'''
BROKEN = '''
from solvent.prove.theorem import Family, theorem


@theorem(Family.RATIO, general=False)
def a_statement_that_asks_for_what_no_venue_has(given):
    """The charm of a venue is above zero."""
    return given.venue.charm > 0
'''


def audited(*names, venues=(BETA,), workers=1, **settings):
    asked = Audit(venues=venues, names=names or CHOSEN, settings=Settings(**settings), workers=workers)
    return list(without_times(stream(asked)))


def results(events):
    return [event for event in events if event["event"] == "result"]


@pytest.fixture(scope="module")
def events():
    return audited(venues=(BETA, ALPHA))


@pytest.fixture(scope="module")
def own_theorems(tmp_path_factory):
    """A file of theorems beside the venues of a user."""
    path = tmp_path_factory.mktemp("own") / "margins.py"
    path.write_text(MARGIN.format(name="loans_stay_within_six_tenths_of_collateral"), encoding="utf-8")
    return path


# The stream


def test_a_stream_begins_with_a_header_and_ends_with_a_footer(events):
    kinds = [event["event"] for event in events]

    assert (kinds[0], kinds[-1]) == ("header", "footer")
    assert kinds.count("theorem") == len(CHOSEN)


def test_every_result_follows_its_theorem(events):
    theorem = ""
    for event in events:
        theorem = event["name"] if event["event"] == "theorem" else theorem
        assert event["event"] != "result" or event["theorem"] == theorem


def test_the_cells_are_any_venue_then_venues_in_their_order_and_regimes_in_theirs(events):
    cells = [(r["venue"], r["regime"]) for r in results(events) if r["theorem"] == CHOSEN[2]]
    regimes = [str(regime) for regime in Regime]

    assert cells == [("", ""), *((venue.name, regime) for venue in (BETA, ALPHA) for regime in regimes)]


def test_the_footer_counts_every_cell(events):
    assert events[-1]["results"] == len(results(events))
    assert (
        sum(events[-1]["verdicts"].values()) == sum(events[-1]["standings"].values()) == len(results(events))
    )


def test_processes_change_no_byte(events):
    again = audited(venues=(BETA, ALPHA), workers=2)

    assert json.dumps(again) == json.dumps(events)


def test_a_stream_without_a_footer_says_nothing(events):
    with pytest.raises(ValueError, match="did not end"):
        read(events[:-1])


def test_a_theorem_is_named_by_file_and_line_as_on_every_machine(events):
    (theorem,) = (event for event in events if event.get("name") == CHOSEN[0])
    lines = (bundle.proofs() / "ratio.py").read_text(encoding="utf-8").splitlines()

    assert theorem["file"] == "proofs/ratio.py"
    assert lines[theorem["line"] - 1].startswith("@theorem")
    assert f"def {CHOSEN[0]}(given):" in lines[theorem["line"] - 1 : theorem["line"] + 5]


def test_of_regimes_that_are_not_selected_nothing_is_decided():
    found = results(audited(regimes=(Regime.CROSS,)))

    assert {r["regime"] for r in found} == {"", "cross"}
    assert {r["theorem"] for r in found} == {CHOSEN[2]}


# Standing


@pytest.mark.parametrize(
    ("verdicts", "overall"),
    [
        ([("proved", "as stated"), ("refuted", "as stated")], Overall.PASSED),
        ([("proved", "better than stated")], Overall.PASSED),
        ([("proved", "as stated"), ("unknown", "open")], Overall.INCOMPLETE),
        ([("vacuous", "open")], Overall.INCOMPLETE),
        ([("unknown", "open"), ("refuted", "finding")], Overall.REFUTED),
        ([], Overall.INCOMPLETE),
    ],
)
def test_what_an_audit_comes_to(verdicts, overall):
    told = [{"verdict": verdict, "standing": standing, "opinions": []} for verdict, standing in verdicts]

    assert footer(told, 1, second=False)["overall"] == overall


def test_a_disagreement_of_solvers_weighs_more_than_all_else():
    opinions = [{"says": "disagree"}]
    told = [{"verdict": "refuted", "standing": "finding", "opinions": opinions}]

    assert footer(told, 1, second=True)["overall"] == Overall.DISAGREEMENT


# A user's own theorems


def test_one_ltv_changes_the_matrix(own_theorems):
    tight = evolve(BETA, name="tight", tokens=with_ltv("UBTC", "0.6"))
    loose = evolve(BETA, name="loose", tokens=with_ltv("UBTC", "0.61"))
    name = "loans_stay_within_six_tenths_of_collateral"

    found = results(audited(name, venues=(tight, loose), places=(own_theorems,)))
    verdicts = {(r["venue"], r["token"]): (r["verdict"], r["standing"]) for r in found}

    assert verdicts["tight", "UBTC"] == ("proved", "as stated")
    assert verdicts["loose", "UBTC"] == ("refuted", "finding")
    assert verdicts["tight", "HYPE"] == ("refuted", "finding")


def with_ltv(token, ltv):
    return {**BETA.tokens, token: evolve(BETA.tokens[token], ltv=Fraction(ltv))}


def test_theorems_of_other_places_are_not_taken(own_theorems):
    load((own_theorems,))

    assert "loans_stay_within_six_tenths_of_collateral" not in load()


def test_a_statement_that_cannot_be_read_in_a_cell_is_unknown_there_with_the_reason(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(BROKEN, encoding="utf-8")
    name = "a_statement_that_asks_for_what_no_venue_has"

    found = results(audited(name, places=(path,)))

    trouble = {r["regime"]: (r["verdict"], r["trouble"]) for r in found}
    assert trouble["cross"][0] == "unknown"
    assert "AttributeError" in trouble["cross"][1]
    assert "has no attribute 'charm'" in trouble["cross"][1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.py", None, "found nothing; expected a Python file of theorems"),
        ("syntax.py", "def (", "SyntaxError"),
        ("raises.py", "raise LookupError('no such venue')", "LookupError: no such venue"),
        ("text.txt", "words", "found no Python file"),
        ("twice.py", MARGIN.format(name="the_ratio_falls_as_equity_rises"), "declared twice"),
    ],
)
def test_a_file_that_cannot_be_taken_is_one_error(name, content, message, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=message) as caught:
        load((path,))
    assert caught.value.source == str(path)


def test_the_files_of_a_folder_are_those_that_are_no_tests(tmp_path):
    for name in ("b.py", "a.py", "test_a.py", "conftest.py", "_kit.py", "notes.md"):
        (tmp_path / name).write_text("")

    assert [path.name for path in theorem_files(tmp_path)] == ["a.py", "b.py"]


# Deciding once


def test_each_cell_has_its_own_result_although_it_was_decided_once():
    general, *own = run_job(Job(WITHOUT_REGIME, (BETA, ALPHA), Settings(needs=False)))

    cells = [(finding.result.venue, finding.result.regime) for finding in own]
    assert (general.result.venue, general.result.regime) == ("", "")
    assert cells == [(venue.name, str(regime)) for venue in (BETA, ALPHA) for regime in Regime]
    assert len({finding.result.milliseconds for finding in own}) == 1


def test_a_finding_tells_what_of_the_venue_it_rests_on():
    general, isolated, _, _, portfolio = run_job(Job(CHOSEN[2], (BETA,), Settings(needs=False)))

    assert (general.reads, isolated.reads) == ((), ())
    assert "parameters.margin_ratio_trigger" in portfolio.reads


# Kept results


def due(statement, **about):
    return obligation(stated(statement, **about), GENERAL)


def key(statement, **about):
    return fingerprint(due(statement, **about), needs=True)


def finding(statement):
    return Finding(decide(stated(statement), GENERAL), (("x is above zero", False),))


def test_a_kept_result_is_found_by_the_content_of_its_obligation(tmp_path):
    kept, found = Kept(tmp_path), finding(statements.fails)
    kept.write(key(statements.fails), found)

    assert kept.read(key(statements.fails), due(statements.fails)) == found
    assert kept.read(key(statements.holds), due(statements.holds)) is None


def test_another_formula_meaning_example_time_or_question_is_another_key():
    def fails(given):
        """Says the same of another assumption."""
        x = given.number("x")
        given.assume("x is a positive number", x > 0)
        return x * x >= x

    def with_example(given):
        """Begins from another example."""
        x = given.number("x", "0.75")
        given.assume("x lies above its square", x > x * x)
        return x < 1

    keys = [
        key(statements.fails), key(fails), key(statements.fails, timeout=5), key(statements.holds),
        key(statements.with_example), key(with_example), fingerprint(due(statements.fails), needs=False),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)


def test_the_key_does_not_depend_on_what_was_read_before():
    first = key(statements.fails)
    key(statements.calls_a_rule)

    assert key(statements.fails) == first


def test_a_kept_countermodel_that_refutes_no_more_is_not_used(tmp_path):
    kept, found = Kept(tmp_path), finding(statements.fails)
    kept.write("key", evolve(found, result=evolve(found.result, countermodel={"x": Fraction(2)})))

    assert kept.read("key", due(statements.fails)) is None


def test_a_kept_proof_whose_witness_meets_the_assumptions_no_more_is_not_used(tmp_path):
    kept, found = Kept(tmp_path), finding(statements.holds)
    kept.write("key", evolve(found, result=evolve(found.result, witness={"x": Fraction(0)})))

    assert kept.read("key", due(statements.holds)) is None


def test_what_is_unknown_is_not_kept(tmp_path):
    Kept(tmp_path).write("key", finding(statements.irrational))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"result": {}, "assumptions": []}', '{"assumptions": [1]}']
)
def test_a_damaged_kept_result_is_decided_anew(content, tmp_path):
    (tmp_path / "key.json").write_text(content)

    assert Kept(tmp_path).read("key", due(statements.holds)) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    Kept(tmp_path / "file").write("key", finding(statements.holds))

    assert Kept(tmp_path / "file").read("key", due(statements.holds)) is None


def test_kept_results_give_the_same_stream(tmp_path, events):
    first = audited(venues=(BETA, ALPHA), kept=tmp_path)
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = audited(venues=(BETA, ALPHA), kept=tmp_path)

    assert first == again == events
    assert files == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} != {}


# The second opinion


@pytest.mark.parametrize(
    ("statement", "verdict", "answers"),
    [
        (statements.holds, Verdict.PROVED, [("unsat", "unsat", "agree")]),
        (statements.fails, Verdict.REFUTED, [("sat", "sat", "agree")]),
        (statements.in_cases, Verdict.REFUTED, [("unsat", "unsat", "agree"), ("sat", "sat", "agree")]),
        (statements.holds, Verdict.REFUTED, [("unsat", "unsat", "agree")]),
        (statements.fails, Verdict.PROVED, [("sat", "sat", "disagree")]),
    ],
)
def test_two_solvers_say_of_the_text_of_each_part_whether_it_can_be_broken(statement, verdict, answers):
    found = [opinion(question, verdict, 10_000) for question in questions(due(statement), GENERAL.label)]

    assert [(each.first, each.second, each.says) for each in found] == answers


@pytest.mark.parametrize(
    ("verdict", "first", "second", "says"),
    [
        (Verdict.UNKNOWN, "sat", "unsat", "disagree"),
        (Verdict.UNKNOWN, "unsat", "sat", "disagree"),
        (Verdict.PROVED, "unknown", "sat", "disagree"),
        (Verdict.CONDITIONAL, "unsat", "unknown", "unknown"),
        (Verdict.REFUTED, "unknown", "sat", "unknown"),
    ],
)
def test_what_one_cannot_decide_is_no_agreement(verdict, first, second, says):
    assert Opinion("", verdict, first, second).says == says


def test_the_second_solver_does_not_know_what_it_cannot_read_or_has_no_time_for():
    (hard,) = questions(due(statements.too_hard), GENERAL.label)

    assert by_cvc5("(set-logic QF_NRA) (assert", 1000) == "unknown"
    assert by_cvc5("(set-logic QF_NRA) (check-what)", 1000) == "unknown"
    assert by_cvc5(hard.text, 1) == by_z3(hard.text, 1) == "unknown"


def test_a_part_is_written_in_the_same_words_whatever_was_written_before():
    first = list(questions(due(statements.calls_a_rule), GENERAL.label))
    list(questions(due(statements.too_hard), GENERAL.label))

    assert list(questions(due(statements.calls_a_rule), GENERAL.label)) == first


def test_every_part_is_written_as_text_that_a_solver_answers(tmp_path):
    audited(CHOSEN[2], smtlib=tmp_path)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.smt2"))

    assert len(names) == 8
    assert f"{CHOSEN[2]}/any-venue/00-isolated.smt2" in names
    assert f"{CHOSEN[2]}/hyperliquid-beta-portfolio/00-portfolio.smt2" in names
    text = (tmp_path / names[0]).read_text(encoding="utf-8")
    assert text.startswith("; An account without a loan is liquidatable exactly when its margin ratio")
    assert by_z3(text, 10_000) == by_cvc5(text, 10_000) == "unsat"
    own = (tmp_path / names[-1]).read_text(encoding="utf-8")
    assert f"; {CHOSEN[2]}: hyperliquid-beta, unified\n" in own


def test_opinions_are_in_the_stream_where_they_were_asked_for():
    found = audited(CHOSEN[0], second=True)

    assert found[0]["second"].startswith("cvc5 ")
    assert found[-1]["opinions"] == {"agree": 2, "disagree": 0, "unknown": 0}
    assert all(len(r["opinions"]) == r["parts"] for r in results(found))
