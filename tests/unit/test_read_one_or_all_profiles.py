"""Reading one profile, all profiles and the whole file give the same result."""

from __future__ import annotations

from pathlib import Path

import pytest

from keystead.errors import DocumentError
from keystead.stores.shared import SharedStore
from keystead.stores.shared_snapshot import CHECKED
from keystead.system import System
from keystead.text.dialect import FileKind, interpret
from keystead.text.document import Document
from tests.casefile import Case, cases
from tests.effort import amount
from tests.readings import assert_ways_agree

FILES = [
    (case, kind)
    for case in (*cases("reading"), *cases("editing"))
    for kind in FileKind
    if kind.value in case.parts
]


@pytest.mark.parametrize(("case", "kind"), FILES, ids=lambda part: getattr(part, "place", ""))
def test_reading_one_and_all_profiles_agrees(case: Case, kind: FileKind) -> None:
    assert_ways_agree(case.parts[kind.value], kind)


@pytest.mark.parametrize("kind", FileKind)
def test_reading_one_and_all_profiles_agrees_on_a_large_file(kind: FileKind) -> None:
    parts = [case.parts[kind.value] + b"\n" for case, of in FILES if of is kind]
    once = b"".join(data for data in parts if data.startswith(b"[") and is_accepted(data, kind))
    assert is_accepted(once, kind)
    assert_ways_agree(once * (amount(short=100_000, full=300_000) // len(once)), kind)


def is_accepted(data: bytes, kind: FileKind) -> bool:
    try:
        interpret(Document(data, "file"), kind)
    except DocumentError:
        return False
    return True


def test_broken_line_in_a_large_file_affects_only_its_section(home: Path) -> None:
    path = home / ".aws" / "credentials"
    path.parent.mkdir()
    many = "".join(f"[p{n}]\nregion = r{n}\n\n" for n in range(CHECKED // 20))
    text = f"{many}[broken]\nno setting\n\n[last]\nregion = r\n"
    assert len(text) > CHECKED
    path.write_text(text)
    store = SharedStore.open(System(environ={"HOME": str(home), "KEYSTEAD_HOME": str(home)}))
    assert store.find("last").text("region") == "r"
    line = text.count("\n", 0, text.index("no setting")) + 1
    assert [p.name for p in store.profiles() if p.refused] == ["broken"]
    for act in (
        lambda: store.find("broken"),
        lambda: store.snapshot().reading(),
        lambda: store.change("broken", lambda _: {"region": "x"}),
        lambda: store.unregister("broken"),
    ):
        with pytest.raises(DocumentError) as caught:
            act()
        assert str(caught.value.where) == f"{path}:{line}"
    assert path.read_text() == text
    store.change("last", lambda _: {"region": "x"})
    assert path.read_text() == text.removesuffix("r\n") + "x\n"
