"""Rules on files: readability, permissions and encoding."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import chain

from keystead.errors import Origin
from keystead.lint.finding import ERROR, REFUSED, WARNING, Problem, Readers
from keystead.lint.subject import Shared, rename_command, rule
from keystead.lint.view import View, text_rule
from keystead.model.ordinal_case import clash, folded
from keystead.model.profile import Profile
from keystead.model.settings import is_secret
from keystead.text.dialect import FileKind
from keystead.text.encoding import other_encoding


@rule(
    "unreadable-file",
    ERROR,
    "a file cannot be read",
    fix="check that it is complete and that you may read it",
)
def unreadable(shared: Shared) -> Iterator[Problem]:
    for file, error in shared.looked.unreadable:
        yield Problem(error.where or Origin(file), error.message, error.hint or "")


@rule(
    "missing-file",
    WARNING,
    "a requested file does not exist",
    fix="name another one, or create it",
)
def missing(shared: Shared) -> Iterator[Problem]:
    for file in shared.looked.missing:
        yield Problem(Origin(file), "there is no such file")


@text_rule("open-file", WARNING, "a file with keys is open to other users of the machine")
def open_file(view: View) -> Iterator[Problem]:
    if not view.is_open:
        return
    keys = any(map(is_secret, view.names))
    if keys or (view.kind is FileKind.CREDENTIALS and view.has_sections):
        message = "other users of this machine may read or write the file"
        yield Problem(Origin(view.file), message, f"`chmod 600 {shlex.quote(view.file)}`")


@text_rule(
    "not-utf8",
    ERROR,
    "a byte is not UTF-8",
    fix="save the file as UTF-8 without a byte-order mark",
    readers=Readers(
        "whole file refused or empty",
        REFUSED,
        "byte replaced",
        "byte replaced, UTF-16 with a mark is read",
        "keystead: the section skipped, a comment ignored",
    ),
)
def not_utf8(view: View) -> Iterator[Problem]:
    encoding = other_encoding(view.data)
    if encoding:
        yield Problem(Origin(view.file, 1), f"the file is {encoding}")
        return
    lines = () if _is_utf8(view.data) else view.data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not _is_utf8(line):
            yield Problem(Origin(view.file, number), "a byte of this line is not UTF-8")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@text_rule(
    "byte-order-mark",
    ERROR,
    "the file begins with a byte-order mark",
    fix="save it as UTF-8 without such a mark",
    readers=Readers("skipped", REFUSED, "skipped", "skipped", "C and Go: whole file refused"),
)
def byte_order_mark(view: View) -> Iterator[Problem]:
    if view.document.has_bom:
        yield view.at(0, "a byte-order mark begins the file")


@rule(
    "case-clash",
    ERROR,
    "two profiles of the encrypted store differ by letter case alone",
    readers=Readers(dotnet="the first one in the file is used for both"),
)
def case_clash(shared: Shared) -> Iterator[Problem]:
    named: dict[str, dict[str, Profile]] = {}
    stores = [other.profiles for other in shared.looked.others if other.ignores_case]
    for profile in chain.from_iterable(stores):
        named.setdefault(folded(profile.name), {})[profile.name] = profile
    for spellings in named.values():
        message, first = clash(spellings), next(iter(spellings.values()))
        if message:
            fix = f"{rename_command(first.name)} gives one another name, or remove one"
            where = first.where() or Origin("RegisteredAccounts.json")
            yield Problem(where, message, fix, first.name)
