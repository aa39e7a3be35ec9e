"""The native launcher against the functions of `keystead.agent.protocol`, which it repeats in C.

It is compiled with checks of memory and of undefined behaviour. In place of Python it runs a stub,
which reports that the request was left to the full command.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keystead.agent import protocol
from keystead.agent.launcher import is_native, is_of_this_version, native
from keystead.errors import AgentProblem
from keystead.system import System
from tests.agents import answering
from tests.conftest import Keystead
from tests.effort import examples

pytestmark = [pytest.mark.posix("the launcher"), pytest.mark.needs("cc")]

STUB = b"#!/bin/sh\nprintf '<%s>' \"$@\"\n"
CHECKS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
STRICT = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-pedantic", "-Werror")
BODY = b'{"Version": 1}\n'
MOST_ANSWER_BYTES = 512 * 1024


def good(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Place:
    """A home, a socket at each of the places that variables can name, and the launcher."""

    def __init__(self, root: Path) -> None:
        self.root = root
        python = root / 'p y\\th"on?é'
        python.write_bytes(STUB)
        python.chmod(0o700)
        self.launcher = root / "launcher"
        self.launcher.write_bytes(native(System(), str(python), CHECKS + STRICT))
        self.launcher.chmod(0o700)

    def sockets(self) -> list[Path]:
        folders = ("a/run", "x/keystead", "named", "home/run", "home/s/run")
        return [self.root / folder / "agent.sock" for folder in folders]

    def run(self, name: bytes, environ: dict[bytes, bytes]) -> bytes:
        done = subprocess.run(
            [self.launcher, name],
            env={**environ, b"ASAN_OPTIONS": b"detect_leaks=0"},
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        return done.stdout


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    # A short path, as that of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="k") as folder:
        try:
            found = Place(Path(folder))
        except AgentProblem:
            pytest.skip("cc has no address sanitizer")
        yield found


@pytest.fixture(scope="module")
def asked(place: Place) -> Iterator[dict[bytes, queue.Queue[bytes]]]:
    """The requests at each socket; all are answered with `BODY`."""
    with contextlib.ExitStack() as stack:
        yield {
            bytes(path): stack.enter_context(answering(path, good(BODY)))
            for path in place.sockets()
        }


def left_to_python(name: bytes) -> bytes:
    words = (b"-P", b"-m", b"keystead", b"process", name)
    return b"".join(b"<%b>" % word for word in words)


ROOT = b"ROOT"
"""Stands for the folder of the sockets in a generated value."""
PATHS = [b"", b"~", b"~/s", b"~\\s", b"~u", b"s", b"off", b"auto", b"/", b"//"]
PLACES = [b"a", b"x", b"x//", b"named/agent.sock", b"home", b"home/s", b"x" * 120]
ANY = st.binary(max_size=8).map(lambda value: value.replace(b"\0", b"="))
VALUES = st.one_of(
    st.sampled_from([ROOT + b"/" + where for where in PLACES]), st.sampled_from(PATHS), ANY
)
USUAL = {
    b"HOME": st.sampled_from([ROOT + b"/home", b"", b"~", b"relative"]),
    b"KEYSTEAD_AGENT": VALUES,
    b"KEYSTEAD_HOME": VALUES,
    b"XDG_RUNTIME_DIR": VALUES,
}
MORE = st.dictionaries(
    st.one_of(
        st.sampled_from(
            b"XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME CREDENTIALS_DIRECTORY AWS_CONFIG_FILE "
            b"AWS_SHARED_CREDENTIALS_FILE KEYSTEAD_AGENT_IDLE KEYSTEAD_AGENT_IDLES KEYSTEAD_DEBUG "
            b"KEYSTEAD_MFA_CODE KEYSTEAD_RUNNING_PROCESS AWS_ AWS AWS_A AWS_B AWS_A_B aws_a HOMES "
            b"KEYSTEAD_ KEYSTEAD KEYSTEAD_X LANG PATH".split()
        ),
        st.from_regex(rb"\A(AWS|KEYSTEAD)_[^=\0]{0,4}\Z"),
    ),
    st.one_of(ANY, VALUES),
    max_size=5,
)
NAMES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12).map(
        str.encode
    ),
    st.binary(max_size=6).map(lambda name: name.replace(b"\0", b"")),
)


@settings(max_examples=examples(100))
@given(st.fixed_dictionaries({}, optional=USUAL), MORE, NAMES)
@example({b"KEYSTEAD_AGENT": ROOT + b"/named/agent.sock"}, {}, b"dev")
@example({b"KEYSTEAD_AGENT": ROOT + b"/named/agent.sock"}, {}, "\u00e9/\U0001f600".encode())
@example({b"KEYSTEAD_AGENT": ROOT + b"/named/agent.sock"}, {}, b"\xed\xa0\x80")
@example(
    {b"KEYSTEAD_HOME": b"~/s", b"HOME": ROOT + b"/home"}, {b"AWS_B": b"", b"AWS_A_": b"2"}, b"x"
)
@example({b"KEYSTEAD_HOME": b"~", b"HOME": b""}, {}, b"x")
@example({b"XDG_RUNTIME_DIR": ROOT + b"/x//"}, {b"AWS_A": b"\xff"}, b"")
def test_same_request_to_the_same_socket(
    place: Place,
    asked: dict[bytes, queue.Queue[bytes]],
    usual: dict[bytes, bytes],
    more: dict[bytes, bytes],
    name: bytes,
) -> None:
    environ = {
        key: value.replace(ROOT, os.fsencode(place.root)) for key, value in (more | usual).items()
    }
    path, scope = protocol.socket_path(environ), protocol.scope(environ)
    target = protocol.target(name.decode("utf-8", "surrogateescape"))
    expected = {}
    if path in asked and scope is not None and target is not None and name[:1] != b"-":
        expected = {path: protocol.request(b"POST", b"/ready/" + target, scope)}
    found = place.run(name, environ)
    assert found == (BODY if expected else left_to_python(name))
    assert {at: got.get() for at, got in asked.items() if not got.empty()} == expected


NUMBERS = st.one_of(
    st.integers(-2, 3000).map(lambda number: b"%d" % number),
    st.sampled_from([b"", b"+15", b"015", b" 15", b"15 ", b"0xf", b"1" * 40, b"15\r\nX: y"]),
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Answers of a hostile agent: mostly a good one with something wrong."""
    body = draw(st.one_of(st.just(BODY), st.binary(max_size=64)))
    length = draw(st.one_of(st.just(b"%d" % len(body)), NUMBERS))
    lines = [
        draw(
            st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 200 ", b"HTTP/1.1 404 No", b"", b"x"])
        ),
        *draw(st.lists(st.sampled_from([b"A: b", b"content-length: 1", b"Content-Length: 15"]))),
        b"Content-Length: " + length,
        *draw(st.lists(st.sampled_from([b"", b"C: d", b"Content-Length: 1"]), max_size=1)),
    ]
    whole = b"\r\n".join(lines) + b"\r\n\r\n" + body
    return whole[: draw(st.one_of(st.none(), st.integers(0, len(whole))))]


@settings(max_examples=examples(100))
@given(st.one_of(answers(), st.binary(max_size=100)))
@example(good(b"x" * (MOST_ANSWER_BYTES - 1 - len(good(b"")) - 5)))
@example(good(b"x" * MOST_ANSWER_BYTES))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
@example(b"HTTP/1.1 200 \r\n\r\n")
@example(b"\r\nContent-Length: \r\n\r\n")
def test_same_judgement_of_an_answer(place: Place, answer: bytes) -> None:
    path = place.root / "judged" / "agent.sock"
    body = protocol.body_of(answer)
    is_used = body and protocol.is_good(answer) and len(answer) < MOST_ANSWER_BYTES
    with answering(path, answer):
        found = place.run(b"dev", {b"KEYSTEAD_AGENT": bytes(path)})
    assert found == (body if is_used else left_to_python(b"dev"))


REPEATED = """
import ctypes, sys
def array(*words):
    return (ctypes.c_char_p * (len(words) + 1))(*words, None)
path, agent = map(str.encode, sys.argv[1:])
environ = array(b"AWS_B=1", b"=", b"AWS_X", b"AWS_A=1", b"AWS_B=2", b"KEYSTEAD_AGENT=" + agent)
ctypes.CDLL(None).execve(path, array(path, b"dev"), environ)
"""


def test_the_first_of_repeated_variables_counts(place: Place) -> None:
    path = place.root / "repeated" / "agent.sock"
    with answering(path, good(BODY)) as asked:
        subprocess.run([sys.executable, "-c", REPEATED, place.launcher, path], check=True)
        assert asked.get() == protocol.request(b"POST", b"/ready/dev", b"AWS_A=1\0AWS_B=1")


def test_an_agent_that_does_not_answer_is_given_up(place: Place) -> None:
    path = place.root / "silent" / "agent.sock"
    began = time.monotonic()
    with answering(path, None):
        assert place.run(b"dev", {b"KEYSTEAD_AGENT": bytes(path)}) == left_to_python(b"dev")
    assert time.monotonic() - began >= protocol.SECONDS


def test_the_compiler_gives_the_same_bytes_again() -> None:
    made = native(System())
    assert made == native(System())
    assert is_native(made)
    assert is_of_this_version(made)
    assert not is_of_this_version(made.replace(protocol.SENDER, b"keystead/0.0.0"))


def test_a_missing_or_failing_compiler_is_reported(keystead: Keystead, tmp_path: Path) -> None:
    done = keystead("agent", "launcher", "--native", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert "there is no C compiler `cc` in PATH" in done.stderr
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho 'no headers' >&2\nexit 1\n")
    compiler.chmod(0o700)
    done = keystead("agent", "launcher", "--native", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert "no headers\n" in done.stderr
    assert f"`{compiler}` did not compile the launcher" in done.stderr
