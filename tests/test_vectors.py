"""The public test vectors hold: to their hashes, to the model, and to what venues reported."""

from __future__ import annotations

import json

import pytest
from attrs import evolve
from command import run

from solvent import bundle
from solvent.conform.build import flags, of_vector, off_the_record, scenario_vectors
from solvent.conform.kill import checks_of, diverged, engine
from solvent.conform.program import expected
from solvent.conform.recorded import of_observation
from solvent.conform.vectors import (
    FORMAT,
    OPEN_CHOICE,
    Kind,
    content_hash,
    expectations,
    files,
    load,
    patched,
    read,
    requires_of,
    sealed,
)  # fmt: skip
from solvent.errors import InputError
from solvent.ingest import schemas
from solvent.mutants import catalogue
from solvent.protocol.engine import Reference
from solvent.protocol.picture import FIELDS, plain

FOLDER = bundle.spec() / "vectors"
VECTORS = load()
BY_ID = {vector.id: vector for vector in VECTORS}
TIE, REFUSED = "ADL-RANK/tie-discharged-at", "LEND-MANUAL/capacity-above"
MOST_STEPS = 4
"""Steps of a killing vector."""
EVERY = 12
"""Of so many vectors one is held to everything; ``solvent vectors check`` holds all of them."""


def file_of(name):
    return FOLDER / BY_ID[name].kind / BY_ID[name].file


def damaged(folder, change, name=REFUSED, *, seals=True):
    """The file of a vector in which something is changed, and the hash with it."""
    document = json.loads(file_of(name).read_text(encoding="utf-8"))
    change(document)
    if seals:
        document["hash"] = content_hash(document)
    file = folder / BY_ID[name].file
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


class Doubling(Reference):
    """An engine that asks for twice the requirement."""

    def answer(self, message):
        reply = super().answer(message)
        for state in (reply, *reply.get("outcomes", ())):
            for account in state.get("state", {}).get("accounts", {}).values():
                if "requirement" in account:
                    account["requirement"] = str(2 * int(float(account["requirement"])))
        return reply


class Crossed(Reference):
    """An engine that knows no unified accounts."""

    def hello(self, message):
        reply = super().hello(message)
        reply["capabilities"]["regimes"] = ["cross", "isolated"]
        return reply


# What stands in them


def test_there_are_vectors_of_each_kind_that_is_made_and_they_are_small():
    kinds = {vector.kind for vector in VECTORS}

    assert kinds == {*Kind} - {Kind.FAILURE}
    assert sum(file.stat().st_size for file in files()) < 4_000_000


def test_there_is_a_killing_vector_for_each_mutant_with_few_steps_and_few_accounts():
    killing = [vector for vector in VECTORS if vector.kind is Kind.KILLING]

    assert {vector.source["mutant"]: vector.id for vector in killing} == {
        name: f"killing/{name}" for name in catalogue()
    }
    for vector in killing:
        assert vector.title == f"Finds the mistake: {catalogue()[vector.source['mutant']].mistake}"
        assert len(vector.steps) <= MOST_STEPS, vector.id


@pytest.mark.parametrize("name", list(catalogue())[::EVERY])
def test_the_vector_of_a_mutant_finds_it(name):
    assert checks_of(diverged(engine(catalogue()[name]), BY_ID[f"killing/{name}"].program))


@pytest.mark.parametrize("vector", VECTORS[::EVERY], ids=lambda vector: vector.id)
def test_a_vector_fits_the_schema_and_nothing_of_it_has_drifted(vector):
    schemas.hold(json.loads(vector.text), "vector", vector.id)

    assert list(of_vector(vector, file_of(vector.id))) == []


def test_the_model_leads_to_what_every_vector_expects():
    def bare(entry):
        return {key: value for key, value in entry.items() if key != "reported"}

    differing = [v.id for v in VECTORS if [*map(bare, v.expect)] != list(expectations(v.program))]

    assert differing == []


def test_every_vector_requires_what_its_program_uses_and_figures_that_there_are():
    for vector in VECTORS:
        assert vector.requires == requires_of(vector.program, vector.requires.fields), vector.id
        assert {*vector.requires.fields} <= {*FIELDS}
        assert vector.format == FORMAT


def test_every_file_has_the_name_of_its_id_and_the_text_of_its_vector():
    for vector in VECTORS:
        assert file_of(vector.id).read_text(encoding="utf-8") == vector.text


def test_nothing_of_what_is_expected_is_sent_to_an_engine():
    for vector in VECTORS:
        message = vector.program.message(1)

        assert set(message) == {"cmd", "seq", "case", "genesis", "steps", "observe"}
        assert message == evolve(vector, expect=(), title="", flags=()).program.message(1)


def test_every_flag_is_published_with_its_meaning():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    schemas.hold(flags(), "vector-flags", "flags.json")

    assert {flag for vector in VECTORS for flag in vector.flags} <= set(flags())
    for name, about in flags().items():
        row = f"| `{name}` | {about['bug']} | {about['effect']} | {', '.join(about['references'])} |"
        assert row in readme


def test_the_patches_of_a_vector_lead_from_nothing_to_the_last_state():
    vector, state = BY_ID["scenario/liquidation-ladder"], {}
    for entry in vector.expect:
        state = patched(state, entry.get("state", {}))

    assert state == plain(expected(vector.program)[-1].picture)


def test_a_refused_step_changes_nothing_and_names_every_rule_that_may_refuse_it():
    last = BY_ID[REFUSED].expect[-1]

    assert last == {"reject": ["LEND-MANUAL", "LEND-MAY-BORROW"]}


def test_where_counterparties_tie_every_order_of_what_is_due_is_allowed():
    last = BY_ID[TIE].expect[-1]
    firsts = {order[0]["counterparty"] for order in last["allowed"] if order[0]["op"] == "deleverage"}

    assert last["because"] == OPEN_CHOICE
    assert firsts == {"bob", "cid"}


# Recorded accounts


def test_the_model_has_every_figure_that_a_venue_reported():
    recorded = [vector for vector in VECTORS if vector.kind is Kind.RECORDED]

    assert len(recorded) > 40
    assert [told for vector in recorded for told in off_the_record(vector)] == []


def test_a_recorded_vector_names_the_record_and_when_it_was_made():
    for vector in VECTORS:
        if vector.kind is Kind.RECORDED:
            assert (bundle.spec().parent / vector.source["name"]).name in {
                file.name for file in (bundle.spec() / "observations").iterdir()
            }
            assert vector.source["date"]


def test_a_figure_other_than_the_venue_reported_is_told():
    vector = next(v for v in VECTORS if v.id == "recorded/ua-01-lifi-0x2359-20260922")
    own = vector.expect[0]["reported"]["accounts"]["account"]["hold"]["USDC"]
    reported = {"accounts": {"account": {"hold": {"USDC": {**own, "value": "2193.8"}}}}}
    other = evolve(vector, expect=({**vector.expect[0], "reported": reported},))

    ((place, told),) = off_the_record(other)

    assert place == "accounts.account.hold.USDC"
    assert "the venue reported 2193.8" in told


# Made again


def test_a_scenario_makes_the_same_bytes_again():
    again = next(iter(scenario_vectors()))

    assert again.text == file_of(again.id).read_text(encoding="utf-8")


def test_a_recorded_account_makes_the_same_bytes_again():
    (again,) = of_observation(bundle.spec() / "observations" / "ua-01-lifi-0x2359-20260922.json")

    assert again.text == file_of(again.id).read_text(encoding="utf-8")


# Malformed vectors


def broken(document, *path, value):
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "where", "expected_"),
    [
        (("kind",), "odd", "kind", "scenario, recorded, boundary, killing or failure"),
        (("id",), "no slash", "id", "an id such as 'PM-RATIO/at-trigger-above'"),
        (("format",), "2.0.0", "format", "a version of the format 1.0.0"),
        (("rules",), ["PM-NOTHING"], "rules[0]", "a rule of the rulebook"),
        (("requires", "regimes"), ["spot"], "requires.regimes[0]", "isolated, cross, unified or portfolio"),
        (("expect",), [{"ok": True}], "expect", "2: genesis and steps"),
        (("expect", 1), {"fine": True}, "expect[1]", "one of ok, reject and allowed, and what belongs to it"),
        (("expect", 0, "ok"), False, "expect[0].ok", "true"),
        (("source",), {}, "source", "the key name"),
    ],
    ids=lambda part: str(part)[:30],
)
def test_a_malformed_vector_is_refused_with_its_field(tmp_path, path, value, where, expected_):
    file = damaged(tmp_path, lambda document: broken(document, *path, value=value))

    with pytest.raises(InputError) as refused:
        read(file)

    assert (refused.value.source, refused.value.where, refused.value.expected) == (
        str(file),
        where,
        expected_,
    )


def test_a_vector_that_was_changed_by_hand_is_refused_by_its_hash(tmp_path):
    file = damaged(tmp_path, lambda document: broken(document, "title", value="another"), seals=False)

    with pytest.raises(InputError, match=r"hash: found .*; expected the SHA-256 of the content"):
        read(file)


def test_two_vectors_of_one_id_are_refused(tmp_path):
    for name in ("one.json", "other.json"):
        (tmp_path / name).write_text(BY_ID[REFUSED].text, encoding="utf-8")

    with pytest.raises(InputError, match=r"expected an id that one\.json does not have"):
        load(tmp_path)


def test_a_folder_of_ones_own_is_read_with_all_that_stands_below_it(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mine.json").write_text(BY_ID[REFUSED].text, encoding="utf-8")

    assert load(tmp_path) == (BY_ID[REFUSED],)


# The commands


def test_the_list_tells_those_that_are_asked_for():
    outcome = run("vectors", "--rule", "FUND", "--flag", "dust", "--kind", "boundary")

    assert outcome.code == 4
    assert outcome.out == "no vectors\n"

    outcome = run("vectors", "--flag", "dust", "--json")
    listed = json.loads(outcome.out)
    schemas.hold(listed, "vectors", "output")

    assert outcome.code == 0
    assert {entry["id"] for entry in listed["vectors"]} >= {
        f"LEND-LOSS/dust-{s}" for s in ("below", "at", "above")
    }


def test_an_unknown_flag_is_refused():
    outcome = run("vectors", "--flag", "dusty")

    assert outcome.code == 2
    assert outcome.err.startswith("solvent: --flag: found dusty; expected one of bad-debt, ")


def test_a_promoted_vector_stands_under_its_id_and_only_the_same_one_may_stand_there(tmp_path):
    kept = tmp_path / "kept"
    first = run("vectors", "promote", file_of(REFUSED), "--to", kept)
    again = run("vectors", "promote", file_of(REFUSED), "--to", kept)
    other = damaged(tmp_path, lambda document: broken(document, "title", value="another"))
    refused = run("vectors", "promote", other, "--to", kept)

    assert (first.code, again.code, refused.code) == (0, 0, 2)
    assert load(kept) == (BY_ID[REFUSED],)
    assert f"found another vector {REFUSED}" in refused.err


def test_what_has_drifted_is_told_with_its_place(tmp_path):
    def change(document):
        document["expect"][1] = {"ok": True}

    damaged(tmp_path, change)
    outcome = run("vectors", "check", "--in", tmp_path)

    assert outcome.code == 1
    assert "expect[1]: the model leads to" in outcome.err
    assert outcome.out == "1 vectors: 1 DRIFTED\n"


def test_a_folder_whose_vectors_hold_passes_and_an_empty_one_says_nothing(tmp_path):
    empty = run("vectors", "check", "--in", tmp_path)
    (tmp_path / BY_ID[TIE].file).write_text(BY_ID[TIE].text, encoding="utf-8")
    whole = run("vectors", "check", "--in", tmp_path)

    assert (empty.code, whole.code) == (4, 0)
    assert whole.out == "1 vectors: all hold\n"


# Replay


def test_replaying_a_vector_holds_the_model_to_it_and_shows_its_steps():
    outcome = run("replay", file_of(TIE), file_of(REFUSED))

    assert outcome.code == 0
    assert "refused (LEND-MANUAL or LEND-MAY-BORROW)" in outcome.out
    assert "orders of what is due (open-choice)" in outcome.out
    assert outcome.out.count("the model: pass") == 2


def test_replaying_against_an_engine_tells_where_it_and_the_model_part():
    right = run("replay", file_of(TIE), "--engine", "py:solvent.protocol.engine:Reference")
    wrong = run("replay", file_of(TIE), "--engine", f"py:{__name__}:Doubling", "--json")
    (told,) = json.loads(wrong.out)["vectors"]
    schemas.hold(json.loads(wrong.out), "replay-vectors", "output")

    assert (right.code, wrong.code) == (0, 1)
    assert (told["verdict"], told["told"][0]) == ("fail", "at the beginning, before any step")
    assert any("requirement" in line for line in told["told"])


def test_a_vector_that_an_engine_lacks_something_for_is_incomplete():
    outcome = run("replay", file_of(TIE), "--engine", f"py:{__name__}:Crossed")

    assert outcome.code == 4
    assert "it lacks regime unified" in outcome.out


def test_an_engine_that_is_not_there_has_the_exit_code_of_adapters():
    outcome = run("replay", file_of(TIE), "--engine", "stdio:/no/such/engine")

    assert outcome.code == 3


def test_vectors_and_scenarios_are_replayed_apart():
    outcome = run("replay", file_of(TIE), bundle.spec() / "scenarios" / "carry-trade.toml")

    assert outcome.code == 2


def test_sealing_a_vector_twice_changes_nothing():
    assert sealed(BY_ID[TIE]) == BY_ID[TIE]
