"""A file or folder that is no record, and a wrong option, are one clear error each; nothing else is printed."""

from __future__ import annotations

import json
import os
import random

import pytest
from command import PM, UNIFIED, refused, run

MEGABYTES_10 = 10 * 2**20

# A whole file

VALUE = "a value"
NESTED = ("values nested too deeply", "at most 64 levels")
KEYED = "an object keyed by request type"


@pytest.mark.parametrize(
    ("content", "where", "found", "expected"),
    [
        (b"", "line 1 column 1", "the end of the text", VALUE),
        (b"\n\n", "line 3 column 1", "the end of the text", VALUE),
        (b"hello", "line 1 column 1", "'hello'", VALUE),
        (b'{"a" 1}', "line 1 column 6", "'1}'", "a colon after the key"),
        (b"{'a': 1}", "line 1 column 2", None, "a key in double quotes"),
        (b'{"a": 1} {}', "line 1 column 10", "'{}'", "nothing after the first value"),
        (b'{"a": 1, "a": 2}', "a", "a key that stands here twice", "each key once"),
        (b"\xff\xfe{}", "byte 1", "0xfffe7b7d", "UTF-8"),
        (b"\xef\xbb\xbf{}", "line 1 column 1", "a byte order mark", "UTF-8 without one"),
        (b"[]", "", "[]", KEYED),
        (b"null", "", "null", KEYED),
        (b"3", "", "3", KEYED),
        (b'"x"', "", '"x"', KEYED),
        (b"{}", "", "none of the keys of an observation", None),
        (b'{"a":' * 70 + b"1" + b"}" * 70, ".".join("a" * 8), *NESTED),
    ],
)
def test_a_file_that_is_no_record_is_refused(tmp_path, content, where, found, expected):
    file = tmp_path / "account.json"
    file.write_bytes(content)
    outcome = run("account", file)
    start = f"solvent: {file}: {where}: found " if where else f"solvent: {file}: found "

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(start + (f"{found}; " if found else ""))
    assert "; expected " in outcome.err
    assert expected is None or outcome.err.endswith(f"; expected {expected}\n")


@pytest.mark.parametrize("kept", [1, 100, 5_000, -20, -2])
def test_a_file_that_breaks_off_is_refused(tmp_path, kept):
    file = tmp_path / "account.json"
    file.write_text(PM.read_text().rstrip()[:kept])
    outcome = run("account", file)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(f"solvent: {file}: line ")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (lambda: random.Random(1).randbytes(MEGABYTES_10), "0x"),  # noqa: S311
        (lambda: b"[" * MEGABYTES_10, NESTED[0]),
        (lambda: b'{"a":' * (MEGABYTES_10 // 5), NESTED[0]),
        (lambda: b"1" * MEGABYTES_10, "1" * 40 + "..."),
        (lambda: b"1." + b"1" * MEGABYTES_10, "1." + "1" * 38 + "..."),
        (lambda: b'"' + b"a" * MEGABYTES_10, "'\"aaa"),
        (lambda: b'{"userAbstraction": "' + b"a" * MEGABYTES_10 + b'"}', "none of the keys"),
        (lambda: b'{"spotClearinghouseState": {"balances": [' + b"0," * (MEGABYTES_10 // 2) + b"0]}}", "0"),
        (lambda: b" " * 65 * 2**20, "more than 64 MB"),
    ],
    ids=[
        "random bytes", "lists", "objects", "a number", "a fraction", "an open string", "a string", "no balances",
        "65 MB",
    ],
)  # fmt: skip
def test_megabytes_of_garbage_are_one_short_line(tmp_path, content, found):
    file = tmp_path / "garbage.json"
    file.write_bytes(content())
    outcome = run("account", file)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f": found {found}" in outcome.err
    assert len(outcome.err) < len(str(file)) + 400


def test_a_file_that_is_missing_is_named(tmp_path):
    refused(tmp_path / "missing.json", "", "nothing", "a readable JSON file")


@pytest.mark.parametrize("name", ["a" * 5_000, "file.json/inside"])
def test_a_path_that_cannot_be_is_refused(tmp_path, name):
    (tmp_path / "file.json").write_text("{}")
    outcome = run("account", tmp_path / name)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.endswith("; expected a readable JSON file\n")


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="this user may read every file")
def test_what_may_not_be_read_is_refused(tmp_path, folder):
    path = tmp_path / "account"
    path.mkdir() if folder else path.write_text("{}")
    path.chmod(0)
    kind = "a readable folder" if folder else "a readable JSON file"

    refused(path, "", "permission denied", kind)


# A folder


def written(folder, **files):
    """A folder with these files of JSON; two underscores stand for a point in a name."""
    for name, value in files.items():
        (folder / f"{name.replace('__', '.')}.json").write_text(json.dumps(value))
    return folder


SPOT = {"balances": [{"coin": "USDC", "token": 0, "total": "1.0", "hold": "0.0"}]}
STATE = {"assetPositions": [], "marginSummary": {"accountValue": "0.0", "totalRawUsd": "0.0"}}


def test_a_folder_with_one_file_per_request_is_an_account(tmp_path):
    written(tmp_path, spotClearinghouseState=SPOT, clearinghouseState=STATE, clearinghouseState__xyz=STATE)
    outcome = run("account", tmp_path)

    assert (outcome.code, outcome.err) == (0, "")
    assert {"USDC", "main", "xyz"} <= set(outcome.out.split())


def test_a_folder_reports_what_the_bundle_of_its_answers_reports(tmp_path):
    bundle = json.loads(UNIFIED.read_text())
    folder = tmp_path / UNIFIED.stem
    folder.mkdir()
    written(folder, **{key: value for key, value in bundle.items() if value is not None})

    assert run("account", folder) == run("account", UNIFIED)


def test_a_folder_without_json_files_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing here")

    refused(tmp_path, "", "a folder without JSON files", "one file per request type")


@pytest.mark.parametrize("name", ["account", "userAbstraction.xyz", "clearinghouseState.", "UserAbstraction"])
def test_a_file_of_a_folder_that_is_named_after_no_request_is_refused(tmp_path, name):
    (tmp_path / f"{name}.json").write_text("{}")
    outcome = run("account", tmp_path)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(
        f"solvent: {tmp_path / name}.json: found an unknown request; expected a file named after a request: "
        "provenance.json, userAbstraction.json, "
    )


def test_a_fault_in_a_file_of_a_folder_names_the_file(tmp_path):
    written(tmp_path, spotClearinghouseState=SPOT)
    (tmp_path / "userAbstraction.json").write_text("unified")
    outcome = run("account", tmp_path)

    assert outcome.err == (
        f"solvent: {tmp_path / 'userAbstraction.json'}: line 1 column 1: found 'unified'; expected a value\n"
    )


@pytest.mark.parametrize("whole", [[], {"xyz": STATE}, 5])
def test_an_answer_stands_in_one_file_of_a_folder(tmp_path, whole):
    written(tmp_path, clearinghouseState=whole, clearinghouseState__xyz=STATE)

    refused(
        tmp_path,
        "clearinghouseState",
        "clearinghouseState.json beside files of its parts",
        "each answer in one file",
    )


@pytest.mark.parametrize("answer", [5, None, [], "x"])
def test_an_answer_of_a_folder_has_the_form_of_its_request(tmp_path, answer):
    written(tmp_path, spotClearinghouseState=SPOT, clearinghouseState__xyz=answer)
    outcome = run("account", tmp_path)

    assert (outcome.code, outcome.out) == ((2, "") if answer is not None else (0, outcome.out))
    assert ("clearinghouseState.xyz: found" in outcome.err) == (answer is not None)


# Several files, and options


@pytest.mark.parametrize("options", [(), ("--json",), ("--compare",)])
def test_every_file_that_cannot_be_taken_is_listed_and_nothing_is_printed_of_the_others(tmp_path, options):
    bad = json.loads(PM.read_text()) | {"userAbstraction": "margin"}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    outcome = run("account", *options, tmp_path / "bad.json", UNIFIED, tmp_path / "missing.json")

    assert (outcome.code, outcome.out) == (2, "")
    assert [line.partition("; ")[0] for line in outcome.err.splitlines()] == [
        f'solvent: {tmp_path}/bad.json: userAbstraction: found "margin"',
        f"solvent: {tmp_path}/missing.json: found nothing",
    ]


def test_an_unknown_venue_is_refused_with_those_that_there_are():
    outcome = run("account", "--venue", "hyperloquid", UNIFIED)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith("solvent: hyperloquid: found an unknown venue; expected ")
    assert "hyperliquid-beta" in outcome.err


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "title"),
        ("title = ", "line 1"),
        ('extends = "hyperliquid-beta"\ntitle = "t"\nsince = 2026-01-01\nnonsense = 1\n', "nonsense"),
        ('extends = "hyperliquid-beta"\ntitle = "t"\nsince = 2026-01-01\nquote = "EUR"\n', "quote"),
    ],
)
def test_a_malformed_venue_is_refused(tmp_path, content, found):
    file = tmp_path / "venue.toml"
    file.write_text(content)
    outcome = run("account", "--venue", file, UNIFIED)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(f"solvent: {file}: ")
    assert found in outcome.err


def test_a_venue_that_is_missing_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "missing.toml", tmp_path):
        outcome = run("account", "--venue", path, UNIFIED)
        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert outcome.err.startswith(f"solvent: {path}: found ")


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        ("PM-RATOI=documented", "there is no rule PM-RATOI; solvent rules lists them"),
        ("PM-RATIO=written", "the readings of PM-RATIO are observed, documented"),
        ("PM-RATIO", "the readings of PM-RATIO are observed, documented"),
        ("", "there is no rule ; solvent rules lists them"),
    ],
)
def test_an_unknown_reading_is_refused_with_those_that_there_are(reading, message):
    outcome = run("account", "--reading", reading, UNIFIED)

    assert (outcome.code, outcome.out) == (2, "")
    assert f"--reading {reading}: {message}" in outcome.err


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("account",), ("account", "--nonsense", "x"), ("explain",)]
)
def test_wrong_usage_says_how_the_command_is_used(arguments):
    outcome = run(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: solvent")
