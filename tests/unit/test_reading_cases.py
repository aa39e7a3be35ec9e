"""What files mean: the cases in tests/cases/reading, read from real files.

Parts: ``config`` and ``credentials`` (a part that is missing is a file that is missing), then
``expect``, JSON in which kinds without a section are left out and a warning is
``[file, line, fragment]``, or ``error``: ``file:line fragment``.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from keystead.errors import DocumentError
from keystead.stores.shared import SharedStore
from keystead.system import System
from keystead.text.dialect import Reading
from keystead.text.document import Document
from tests.casefile import Case, cases

CASES = cases("reading")


def read(case: Case, folder: Path) -> Reading:
    for name in ("config", "credentials"):
        if name in case.parts:
            (folder / name).write_bytes(case.parts[name])
    return (
        SharedStore(System(environ={}), folder / "credentials", folder / "config")
        .snapshot()
        .reading()
    )


@pytest.mark.parametrize(
    "case", [c for c in CASES if "expect" in c.parts], ids=lambda c: f"{c.place} {c.purpose}"
)
def test_files_are_read_by_the_rules(case: Case, tmp_path: Path) -> None:
    reading = read(case, tmp_path)
    kinds = {
        "profiles": reading.profiles,
        "sso_sessions": reading.sso_sessions,
        "services": reading.services,
    }
    actual = {
        kind: {
            name: {
                key: dict(entry.value) if isinstance(entry.value, Mapping) else entry.value
                for key, entry in settings.items()
            }
            for name, settings in sections.items()
        }
        for kind, sections in kinds.items()
        if sections
    }
    expected = json.loads(case.text("expect"))
    warnings = expected.pop("warnings", [])
    assert expected == actual
    places = [(Path(w.where.file).name, w.where.line, w.message) for w in reading.warnings]
    assert [(f, line) for f, line, _ in warnings] == [(f, line) for f, line, _ in places]
    assert [
        m for (_, _, part), (_, _, m) in zip(warnings, places, strict=True) if part not in m
    ] == []


@pytest.mark.parametrize(
    "case", [c for c in CASES if "error" in c.parts], ids=lambda c: f"{c.place} {c.purpose}"
)
def test_broken_files_are_refused_with_their_line(case: Case, tmp_path: Path) -> None:
    place, _, fragment = case.text("error").partition(" ")
    with pytest.raises(DocumentError) as caught:
        read(case, tmp_path)
    where = caught.value.where
    assert where is not None
    assert place == f"{Path(where.file).name}:{where.line}"
    assert fragment in caught.value.message


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.place)
def test_every_accepted_file_prints_back_to_the_byte(case: Case) -> None:
    for name in {"config", "credentials"} & case.parts.keys():
        data = case.parts[name]
        try:
            document = Document(data, name).splice([])
        except DocumentError:
            assert "error" in case.parts
        else:
            assert document.data == data


def test_each_case_says_what_is_expected() -> None:
    assert all({"expect", "error"} & case.parts.keys() for case in CASES)
