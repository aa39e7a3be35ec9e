"""One profile, all profiles and all there is: three ways to read a file that say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from keystead.errors import DocumentError
from keystead.stores.shared import CHECKED, SharedStore
from keystead.stores.sharedfile import SharedFile
from keystead.system import System
from keystead.text.dialect import FileKind, interpret, profiles
from keystead.text.document import Document
from tests.casefile import Case, cases

FILES = [
    (case, kind)
    for case in (*cases("reading"), *cases("editing"))
    for kind in FileKind
    if kind.value in case.parts
]


@pytest.mark.parametrize(("case", "kind"), FILES, ids=lambda part: getattr(part, "place", ""))
def test_all_ways_of_reading_agree(case: Case, kind: FileKind) -> None:
    data = case.parts[kind.value]
    try:
        reading = interpret(Document(data, "file"), kind)
    except DocumentError as error:
        for read in (Document.check, lambda document: profiles(document, kind)):
            with pytest.raises(DocumentError) as caught:
                read(Document(data, "file"))
            assert caught.value.where == error.where
        return
    Document(data, "file").check()
    expected = {
        name: {key: entry.value for key, entry in settings.items()}
        for name, settings in reading.profiles.items()
    }
    assert list(expected.items()) == list(profiles(Document(data, "file"), kind).items())
    for name, settings in reading.profiles.items():
        alone = SharedFile(Path("file"), kind, Document(data, "file"), None)
        assert alone.settings(name) == settings


def test_in_a_large_file_a_broken_line_elsewhere_stops_all_but_a_look_up(home: Path) -> None:
    path = home / ".aws" / "credentials"
    path.parent.mkdir()
    many = "".join(f"[p{n}]\nregion = r{n}\n\n" for n in range(CHECKED // 20))
    text = f"{many}[broken]\nno setting\n\n[last]\nregion = r\n"
    assert len(text) > CHECKED
    path.write_text(text)
    store = SharedStore.default(System(environ={"HOME": str(home), "KEYSTEAD_HOME": str(home)}))
    assert store.find("last").text("region") == "r"
    line = text.count("\n", 0, text.index("no setting")) + 1
    for act in (
        lambda: store.find("broken"),
        lambda: store.find("nobody"),
        store.profiles,
        store.reading,
        lambda: store.change("last", lambda _: {"region": "x"}),
        lambda: store.unregister("p1"),
    ):
        with pytest.raises(DocumentError) as caught:
            act()
        assert str(caught.value.where) == f"{path}:{line}"
    assert path.read_text() == text
