"""Readers that take different keys from one file are reported by line."""

from __future__ import annotations

import pytest

from keystead.text.dialect import FileKind
from keystead.text.disagreement import disagreements
from keystead.text.document import Document, Grammar

CREDENTIALS, CONFIG = FileKind.CREDENTIALS, FileKind.CONFIG
KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n"
OTHER = "aws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = s\n"


def found(text: str, kind: FileKind, name: str) -> list[tuple[int | None, str]]:
    document = Document(text.encode(), "file", grammar=Grammar.TOLERANT)
    return [(note.where.line, note.message) for note in disagreements(document, kind, name)]


@pytest.mark.parametrize(
    ("text", "kind", "name", "line", "part"),
    [
        (f"[a]\n{KEYS}[a]\n{OTHER}", CREDENTIALS, "a", 4, "the AWS CLI refuses the file"),
        (f"[default]\n{KEYS}[profile default]\n{OTHER}", CONFIG, "default", 4, "the last one"),
        (f"[profile default]\n{KEYS}[default]\n{OTHER}", CONFIG, "default", 1, "of line 4"),
        (f"[profile a]\n{KEYS}[profile 'a']\n{OTHER}", CONFIG, "a", 4, "the AWS CLI the last one"),
        (f"[a]\n{KEYS}[a]\nrole_arn = x\n", CREDENTIALS, "a", 4, "sets other keys"),
        ("[a]\nsource_profile = b # c\n", CREDENTIALS, "a", 2, "the comment as a part"),
        ("[a]\nx = y\n  role_arn = z\n", CREDENTIALS, "a", 3, "takes this line as the setting"),
        ("[a]\ns3 =\n  role_arn = z\n", CREDENTIALS, "a", 3, "takes this line as the setting"),
        (f"[DEFAULT]\n{KEYS}[a]\nregion = x\n", CREDENTIALS, "a", 1, "is in every profile"),
    ],
)
def test_different_keys_are_reported_with_their_lines(
    text: str, kind: FileKind, name: str, line: int, part: str
) -> None:
    notes = found(text, kind, name)
    assert [at for at, _ in notes] == [line]
    assert part in notes[0][1]
    assert "AKIA" not in notes[0][1]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (f"[a]\n{KEYS}[b]\n{OTHER}", CREDENTIALS, "a"),
        (f"[a]\n{KEYS}[a]\nregion = x\n", CREDENTIALS, "a"),
        (f"[a]\n{KEYS}[a]\n{KEYS}", CREDENTIALS, "a"),
        (f"[a]\n{KEYS}region = x # y\n", CREDENTIALS, "a"),
        ('[a]\ncredential_process = x "a # b"\n', CREDENTIALS, "a"),
        ("[profile a]\ns3 =\n  role_arn = z\n", CONFIG, "a"),
        (f"[DEFAULT]\n{KEYS}[a]\n{OTHER}", CREDENTIALS, "a"),
        (f"[default]\n{KEYS}", CONFIG, "default"),
    ],
)
def test_nothing_is_reported_where_readers_agree(text: str, kind: FileKind, name: str) -> None:
    assert found(text, kind, name) == []
