"""Conversations with engines: addresses, programs that break and are started again, services, and Python objects."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import pytest

from solvent.conform.address import Transport, address
from solvent.conform.advice import FLUSH, advice, language_of
from solvent.conform.connect import MOST_RESTARTS, Limits, connect
from solvent.conform.connect_python import InPython, engine_at
from solvent.conform.engine import Broken
from solvent.conform.stdio import KEPT, Process
from solvent.errors import InputError
from solvent.protocol.engine import Reference
from solvent.protocol.serve import answer_text, http_server

FAULTY = Path(__file__).parent / "faulty" / "adapter.py"
PING = {"cmd": "ping", "seq": 6}
PONG = {"seq": 6, "ok": True}
RUN = {"cmd": "run", "seq": 5, "genesis": {"accounts": {}}, "steps": [], "note": "it hangs over notes"}
GREETING = {
    "seq": 1_000_000,
    "protocol": 1,
    "engine": {"name": "inline"},
    "capabilities": {"fields": [], "operations": []},
}
"""The reply to the first message of a conversation."""


def faulty(name):
    return f"stdio:{sys.executable} -S {FAULTY} {name}"


@pytest.fixture
def program():
    """Starts programs that greet, and then run some code with each later message as ``line``."""
    started = []

    def start(code):
        body = "\n ".join(code.splitlines())
        head = f"import os, sys, time\nsys.stdin.readline()\nprint({json.dumps(GREETING)!r}, flush=True)"
        process = Process((sys.executable, "-S", "-c", f"{head}\nfor line in sys.stdin:\n {body}"))
        started.append(process)
        process.ask({"cmd": "hello", "seq": GREETING["seq"]}, 20)
        return process

    yield start
    for process in started:
        process.kill()


# Addresses


@pytest.mark.parametrize(
    ("text", "transport", "target"),
    [
        ("stdio:./engine --name 'two words'", Transport.STDIO, ("./engine", "--name", "two words")),
        ("http://127.0.0.1:8700/v1", Transport.HTTP, ("http://127.0.0.1:8700/v1",)),
        ("https://engine.test/v1", Transport.HTTP, ("https://engine.test/v1",)),
        ("py:my.engine:Adapter", Transport.PYTHON, ("my.engine", "Adapter")),
        ("my.engine:Adapter", Transport.PYTHON, ("my.engine", "Adapter")),
        (f"{FAULTY} Right", Transport.STDIO, (str(FAULTY), "Right")),
    ],
)
def test_an_address_says_how_messages_travel(text, transport, target):
    found = address(text)

    assert (found.transport, found.target, str(found)) == (transport, target, text)


def test_the_name_of_a_file_is_that_file_and_no_command_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "ls").touch()
    monkeypatch.chdir(tmp_path)

    assert address("ls -x").target == (str(tmp_path / "ls"), "-x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the path of a program"),
        ("no such file", "the path of a program"),
        ("stdio:", "a command after stdio:"),
        ("stdio:a 'b", "a command whose quotes are closed"),
        ("py:module", "py:MODULE:ATTRIBUTE"),
        ("py:../module:Adapter", "py:MODULE:ATTRIBUTE"),
        ("http://", "a URL with a host"),
        ("http://[", "a URL with a host"),
    ],
)
def test_a_text_that_is_no_address_is_refused(text, expected):
    with pytest.raises(InputError, match=expected):
        address(text)


# Advice


@pytest.mark.parametrize(
    ("command", "language"),
    [
        (("python3.12", "-u", "x"), "python"),
        (("./adapter.mjs",), "javascript"),
        (("/usr/bin/java", "-cp", "x", "Adapter"), "java"),
        (("./adapter",), ""),
    ],
)
def test_the_words_of_a_command_show_its_language(command, language):
    assert language_of(command) == language


def test_advice_is_for_the_language_or_for_each_where_it_is_not_known():
    assert advice(FLUSH, "TypeScript").startswith("in TypeScript: process.stdout.write")
    assert all(f"in {language}: {way}" in advice(FLUSH) for language, way in FLUSH.items())


# Programs


def test_an_engine_that_hangs_is_stopped_and_started_again_and_the_message_is_not_sent_again():
    with connect(faulty("Hangs"), Limits(message=0.5)) as connection:
        with pytest.raises(Broken) as raised:
            connection.ask(RUN)

        answered = connection.ask(PING)

    assert (raised.value.kind, raised.value.reason) == ("timeout", "no answer within 0.5 s")
    assert answered == PONG
    assert connection.restarts == 1
    assert connection.ending == ""


def test_an_engine_that_breaks_again_and_again_ends_the_conversation():
    kinds = []
    with connect(faulty("SaysNothing"), Limits(message=20)) as connection:
        for _ in range(MOST_RESTARTS + 2):
            with pytest.raises(Broken) as raised:
                connection.ask(PING)
            kinds.append(raised.value.kind)

    assert kinds == ["crash"] * MOST_RESTARTS + ["start"] * 2
    assert not connection.alive


def test_what_an_engine_writes_on_standard_error_is_kept_for_its_message_alone_and_bounded(program):
    process = program("print('x' * 100_000 + line, file=sys.stderr, flush=True)\nsys.exit(7)")

    with pytest.raises(Broken) as raised:
        process.ask(PING, 20)

    assert raised.value.reason == "the engine ended with code 7 before it answered"
    assert len(raised.value.output) == KEPT
    assert raised.value.output.strip().endswith(json.dumps(PING, separators=(",", ":")))


def test_a_signal_that_ends_an_engine_is_named(program):
    process = program("os.kill(os.getpid(), 11)")

    with pytest.raises(Broken, match="ended with signal SIGSEGV"):
        process.ask(PING, 20)


def test_a_message_that_is_not_read_does_not_hold_the_kit_up(program):
    process = program("time.sleep(60)")
    began = time.monotonic()

    for text in ("", "-" * 1_000_000):
        with pytest.raises(Broken, match="no answer within"):
            process.ask({**PING, "note": text}, 0.2)

    assert time.monotonic() - began < 20


def test_long_messages_and_replies_cross_in_both_directions(program):
    process = program("print(line.strip().replace('ping', 'pong'), flush=True)")
    large = {"cmd": "ping", "seq": 8, "large": "-" * 3_000_000}

    reply = process.ask(large, 60)

    assert reply == {**large, "cmd": "pong"}


def test_a_killed_engine_takes_what_it_started_with_it(program):
    start = "import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid, file=sys.stderr, flush=True)"
    process = program(f"{start}\ntime.sleep(60)")
    with pytest.raises(Broken) as raised:
        process.ask(PING, 1)

    process.kill()

    assert ended(int(raised.value.output))


def ended(pid):
    """Whether a process is gone, or will not run again, before long."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False


@pytest.mark.parametrize(
    ("fault", "told"), [("GoesOn", "it goes on running 2 s"), ("EndsBadly", "it ended with code 3")]
)
def test_an_engine_that_does_not_end_well_is_a_warning(fault, told):
    with connect(faulty(fault)) as connection:
        answered = connection.ask(PING)

    assert answered == PONG
    assert connection.ending == f"{told} after bye"


def test_a_program_that_cannot_be_run_is_told_with_what_to_do(tmp_path):
    script = tmp_path / "adapter.py"
    script.touch()

    for command, told in (("./no-such-engine", "no such file"), (str(script), f"stdio:python3 {script}")):
        with pytest.raises(Broken, match=told), connect(f"stdio:{command}"):
            pass


# Services


def served(handle):
    """A server that hands each request to a function of the handler."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            handle(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/v1"


def reply(handler, text, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def test_a_message_is_posted_again_with_its_key_where_no_byte_of_a_reply_came():
    keys, calls = [], count()

    def handle(handler, body):
        keys.append(handler.headers["Idempotency-Key"])
        if next(calls) == 1:
            handler.close_connection = True
            handler.connection.close()
            return
        reply(handler, answer_text(Reference().answer, body)[0].encode())

    server, url = served(handle)
    with connect(url) as connection:
        answered = connection.ask(PING)
    server.shutdown()
    server.server_close()

    assert answered == PONG
    assert keys[1] == keys[2]
    assert len({*keys}) == len(keys) - 1
    assert connection.restarts == 0


def test_a_reply_that_breaks_off_is_not_asked_for_again():
    calls = count()

    def handle(handler, body):
        if next(calls) != 1:
            reply(handler, answer_text(Reference().answer, body)[0].encode())
            return
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"seq":')
        handler.close_connection = True

    server, url = served(handle)
    with connect(url) as connection:
        with pytest.raises(Broken) as raised:
            connection.ask(PING)
        answered = connection.ask(PING)
    server.shutdown()
    server.server_close()

    assert (raised.value.kind, answered) == ("crash", PONG)
    assert next(calls) == 5


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        (b"Not here", 404, "answers with status 404; a reply has status 200"),
        (b"Welcome", 200, "wrote 'Welcome' where a reply was due"),
    ],
)
def test_a_service_that_is_none_of_the_protocol_is_told(text, status, told):
    server, url = served(lambda handler, _: reply(handler, text, status))
    with pytest.raises(Broken, match=told), connect(url):
        pass
    server.shutdown()
    server.server_close()


def test_a_service_that_is_late_is_a_timeout():
    with http_server(
        lambda message: Reference().answer(message) if message["cmd"] != "run" else time.sleep(1),
        "127.0.0.1",
        0,
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        with connect(url, Limits(message=0.2)) as connection, pytest.raises(Broken) as raised:
            connection.ask(RUN)
        server.shutdown()

    assert (raised.value.kind, raised.value.reason) == ("timeout", "no answer within 0.2 s")


# Python objects


class ByMethods:
    """An engine that has a method of each command."""

    def hello(self, _):
        return GREETING

    def run(self, message):
        return {"outcomes": [{"ok": True} for _ in message["steps"]]}


class Meddles(ByMethods):
    """Changes the message that it is given."""

    def run(self, message):
        message["genesis"]["accounts"]["ann"] = {}
        return super().run(message)


class AFloat(ByMethods):
    """Answers with a float that is none of JSON."""

    def run(self, message):
        return super().run(message) | {"state": float("nan")}


def by_a_function(message):
    return ByMethods().hello(message) | {"seq": message["seq"], "ok": True}


class OutOfStep(Reference):
    """Forgets the sequence number after the first message."""

    def answer(self, message):
        return super().answer(message) | ({} if message["cmd"] == "hello" else {"seq": None})


def test_an_object_with_methods_of_the_commands_is_an_engine():
    with connect("py:test_connect:ByMethods") as connection:
        ran = connection.ask({"cmd": "run", "seq": 3, "steps": [{}, {}]})
        other = connection.ask({"cmd": "levitate", "seq": 4})

    assert ran == {"seq": 3, "outcomes": [{"ok": True}, {"ok": True}]}
    assert other == {"seq": 4, "unsupported": "the command levitate"}


def test_a_function_of_messages_is_an_engine():
    with connect("test_connect:by_a_function") as connection:
        assert connection.greeting.name == "inline"


@pytest.mark.parametrize(
    ("engine", "told"),
    [("Meddles", "work on a copy of it"), ("AFloat", "found NaN; expected a decimal string")],
)
def test_an_engine_in_this_process_is_held_to_json_where_that_is_asked(engine, told):
    line = InPython(engine_at("test_connect", engine), strict=True)

    with pytest.raises(Broken, match=told):
        line.ask(RUN, 20)


def test_an_engine_in_this_process_repeats_sequence_numbers_too():
    with (
        connect("py:test_connect:OutOfStep") as connection,
        pytest.raises(Broken, match="the reply has seq None"),
    ):
        connection.ask(PING)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("py:no_such_module:Adapter", "ModuleNotFoundError"),
        ("py:test_connect:Absent", "AttributeError"),
        ("py:test_connect:PING", "neither a method answer"),
    ],
)
def test_an_object_that_is_no_engine_is_told(place, told):
    with pytest.raises(Broken, match=told), connect(place):
        pass
