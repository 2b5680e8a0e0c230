"""Each skeleton of an adapter is short, is built as its page says, speaks the protocol, and agrees with the model."""

from __future__ import annotations

import json
import shlex
import subprocess
from fractions import Fraction

import pytest
from adapters.builds import Builds
from attrs import evolve
from command import run

from solvent.conform.connect import connect
from solvent.conform.engine import hello
from solvent.conform.generate import sequences
from solvent.conform.init import LANGUAGES, skeleton
from solvent.conform.judge import judge
from solvent.conform.program import Program, expected
from solvent.conform.values import Abilities
from solvent.exchange import Member, SpotMarket, found
from solvent.exchange.table import table
from solvent.ingest.venue_file import load_venue
from solvent.protocol.genesis import genesis_of

MOST_LINES = 85
"""Lines of an adapter that are not blank; about 80 are promised."""
ABILITIES = Abilities(
    regimes=frozenset({"cross"}),
    operations=frozenset({"deposit", "withdraw"}),
    fields=frozenset({"accounts.spot"}),
    any_genesis=False,
    codes=True,
    digits=18,
)
EVERY = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def builds(pytestconfig):
    return Builds(pytestconfig.cache.mkdir("adapters"))


@pytest.fixture
def built(builds, language, monkeypatch):
    """The folder of the built adapter, which is also where the test stands."""
    folder = builds.of(language)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def programs():
    """What is chosen here, and what the kit generates for an engine of these abilities."""
    return [chosen(), *sequences(1, range(25), ABILITIES)]


def exchange():
    """Two users, the venue's own accounts, and a balance that no decimal is."""
    hype = SpotMarket(token="HYPE", price="40")
    state = found(load_venue("hyperliquid-beta"), markets=(), spots=(hype,))
    ann = Member(name="ann", spot=table({"USDC": Fraction(100), "HYPE": Fraction(5, 3)}))
    return state.put(ann, Member(name="bob"), Member(name="vault:xyz"))


def deposit(account, token, amount):
    return {"op": "deposit", "account": account, "token": token, "amount": amount}


def withdraw(account, token, amount):
    return {"op": "withdraw", "account": account, "token": token, "amount": amount}


LARGE = "12345678901234567890"
STEPS = (
    deposit("ann", "USDC", "0.1"),
    deposit("ann", "USDC", "0.2"),
    withdraw("ann", "USDC", "100.300000000000000001"),
    withdraw("ann", "USDC", "100.3"),
    withdraw("ann", "HYPE", "1.666666666666666667"),
    withdraw("ann", "HYPE", "1.666666666666666666"),
    deposit("bob", "HYPE", f"{LARGE}.000000000000000001"),
    withdraw("bob", "HYPE", LARGE),
    withdraw("bob", "USDC", "1"),
    deposit("bob", "USDC", "0"),
    deposit("bob", "USDC", "-1"),
    withdraw("bob", "HYPE", "-1"),
    deposit("bob", "UNKNOWN", "1"),
    withdraw("bob", "UNKNOWN", "1"),
    deposit("nobody", "USDC", "1"),
    withdraw("nobody", "USDC", "1"),
    deposit("backstop", "USDC", "1"),
    withdraw("vault:xyz", "USDC", "1"),
    deposit("vault", "USDC", "1"),
)


def chosen():
    return Program(genesis_of(exchange()), STEPS, ("accounts.spot",))


# What is written


@EVERY
def test_an_adapter_is_short(language):
    text = skeleton(language)[LANGUAGES[language].adapter]

    assert sum(bool(line.strip()) for line in text.splitlines()) <= MOST_LINES


@EVERY
def test_init_writes_the_skeleton_and_says_what_comes_next(language, tmp_path):
    outcome = run("init", "--lang", language, "--to", tmp_path / "mine")
    written = [path for path in (tmp_path / "mine").rglob("*") if path.is_file()]
    texts = {path.relative_to(tmp_path / "mine").as_posix(): path.read_text() for path in written}

    assert (outcome.code, outcome.err) == (0, "")
    assert texts == skeleton(language)
    assert outcome.out.splitlines()[-1] == f'  solvent smoke "{LANGUAGES[language].address}"'
    assert all(shlex.join(command) in texts["README.md"] for command in LANGUAGES[language].build)


def test_a_folder_with_files_is_refused_and_stays_as_it_was(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    outcome = run("init", "--lang", "go", "--to", tmp_path)

    assert (outcome.code, outcome.out) == (2, "")
    assert (
        outcome.err == f"solvent: {tmp_path}: found a folder with files; expected a new or an empty folder\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "mine").write_text("mine")

    outcome = run("init", "--lang", "go", "--to", tmp_path / "mine")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith(": found a file; expected a new or an empty folder\n")


def test_an_empty_folder_is_taken(tmp_path):
    assert run("init", "--lang", "go", "--to", tmp_path).code == 0


def test_a_language_without_a_skeleton_is_a_wrong_use(tmp_path):
    outcome = run("init", "--lang", "cobol", "--to", tmp_path / "mine")

    assert (outcome.code, (tmp_path / "mine").exists()) == (2, False)


# What it does


@EVERY
@pytest.mark.usefixtures("built")
def test_it_greets_runs_and_ends_without_a_word_besides(language):
    genesis = genesis_of(exchange())
    messages = (hello(1), {"cmd": "run", "seq": 2, "genesis": genesis, "steps": []}, {"cmd": "bye", "seq": 3})
    lines = "".join(f"{json.dumps(message)}\n" for message in messages)

    done = subprocess.run(
        LANGUAGES[language].run, input=lines, capture_output=True, text=True, timeout=30, check=False
    )
    replies = [json.loads(line) for line in done.stdout.splitlines()]

    assert [reply["seq"] for reply in replies] == [1, 2, 3]
    assert replies[0]["engine"]["language"] == language
    assert (done.returncode, done.stderr) == (0, "")


@EVERY
@pytest.mark.usefixtures("built")
def test_it_agrees_with_the_model(language, programs):
    with connect(LANGUAGES[language].address) as engine:
        abilities = engine.greeting.abilities
        replies = [engine.ask(program.message(number)) for number, program in enumerate(programs)]

    verdicts = [judge(program, reply, abilities) for program, reply in zip(programs, replies, strict=True)]

    assert evolve(abilities, errors={}) == ABILITIES
    assert verdicts == [None] * len(programs)
    assert not engine.slow_to_end


@EVERY
@pytest.mark.usefixtures("built")
def test_it_says_what_it_does_not_support_and_goes_on(language):
    genesis = genesis_of(exchange())
    run_ = {"cmd": "run", "genesis": genesis}
    with connect(LANGUAGES[language].address) as engine:
        strange = engine.ask({"cmd": "snapshot", "seq": 1})
        borrowing = engine.ask({**run_, "seq": 2, "steps": [{"op": "borrow", "account": "ann"}]})
        broken = engine.ask({**run_, "seq": 3, "steps": [deposit("ann", "USDC", "one")]})
        after = engine.ask(
            {**run_, "seq": 4, "observe": {"after": "last"}, "steps": [deposit("ann", "USDC", "1")]}
        )

    assert (strange["unsupported"], borrowing["unsupported"]) == (
        "the command snapshot",
        "the operation borrow",
    )
    assert broken["error"]["kind"] == "crash"
    assert after["state"]["accounts"]["ann"]["spot"]["USDC"] == "101"
    assert after["outcomes"] == [{"ok": True}]


@EVERY
@pytest.mark.usefixtures("built")
def test_smoke_finds_nothing_wrong(language):
    outcome = run("smoke", LANGUAGES[language].address)

    assert (outcome.code, outcome.err) == (0, "")


def test_the_programs_ask_for_both_answers_and_both_reasons():
    codes = [moment.codes for moment in expected(chosen())[1:]]

    assert {code for found in codes for code in found} == {"invalid", "PERP-WITHDRAWABLE"}
    assert sum(not found for found in codes) >= 5
