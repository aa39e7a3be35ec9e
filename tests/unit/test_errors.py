"""Errors outside of a command: in a traceback, in a log, and between processes."""

import copy
import pickle
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import keystead
from keystead import errors
from keystead.errors import KeysteadError, Origin, ProfileNotFound, ProviderError
from keystead.stores.base import not_found


def tree(error: type[KeysteadError]) -> Iterator[type[KeysteadError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


def test_an_uncaught_error_shows_its_hint(home: Path) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[profile prod]\nrole_arn = arn\n")
    code = "import keystead; keystead.session('prdo')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-2:] == [
        "keystead.errors.ProfileNotFound: there is no profile `prdo`",
        "hint: did you mean `prod`",
    ]


def test_an_uncaught_error_shows_file_and_line(home: Path) -> None:
    path = home / ".aws" / "config"
    path.parent.mkdir()
    path.write_text("[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/r\n")
    with pytest.raises(keystead.KeysteadError) as caught:
        keystead.session("prod")
    last = "".join(traceback.format_exception(caught.value)).splitlines()
    assert any(f"{path}:2: " in line for line in last)


@pytest.mark.parametrize("kind", list(tree(KeysteadError)), ids=lambda kind: kind.__name__)
def test_hint_is_a_note_and_not_part_of_the_message(kind: type[KeysteadError]) -> None:
    error = kind("something is wrong", hint="do this", where=Origin("/f", 3))
    assert str(error) == "/f:3: something is wrong"
    assert error.__notes__ == ["hint: do this"]
    error.add_note("in the nightly job")
    shown = traceback.format_exception_only(error)
    assert shown[-3:] == [
        f"keystead.errors.{kind.__name__}: /f:3: something is wrong\n",
        "hint: do this\n",
        "in the nightly job\n",
    ]


def test_an_error_without_a_hint_has_no_note() -> None:
    assert traceback.format_exception_only(KeysteadError("wrong")) == [
        "keystead.errors.KeysteadError: wrong\n"
    ]


def test_hint_is_computed_once_and_only_when_shown() -> None:
    asked = []

    def hint() -> str:
        asked.append(1)
        return "do this"

    error = KeysteadError("wrong", hint=hint)
    assert str(error) == "wrong"
    assert repr(error) == "KeysteadError('wrong')"
    assert asked == []
    assert "hint: do this\n" in traceback.format_exception_only(error)
    assert "hint: do this\n" in traceback.format_exception_only(error)
    assert asked == [1]


@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_error_survives_pickling_between_processes(copied) -> None:
    """`multiprocessing` and `concurrent.futures` pickle what a worker raised."""
    found = copied(not_found("prdo", ["prod"]))
    assert type(found) is ProfileNotFound
    assert (str(found), found.hint) == ("there is no profile `prdo`", "did you mean `prod`")
    found.add_note("in the worker")
    assert copied(found).__notes__ == ["hint: did you mean `prod`", "in the worker"]
    refused = copied(ProviderError("refused", code="AccessDenied", where=Origin("/f", 3)))
    assert (str(refused), refused.code, refused.where) == (
        "/f:3: refused",
        "AccessDenied",
        Origin("/f", 3),
    )
