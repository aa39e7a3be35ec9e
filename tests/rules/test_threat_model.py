"""Each promise of the threat model names the tests that attack it, and each attack has a promise."""

import re

from devtools.docs import DOCS

ROOT = DOCS.parent
_TEST = re.compile(r"`(tests/[\w./-]+\.(?:py|txt))(?:::(\w+))?`")
_DEFINED = re.compile(r"^def (test_\w+)", re.MULTILINE)


def rows() -> list[list[str]]:
    """The cells of each promise."""
    _, _, text = (DOCS / "threat-model.md").read_text().partition("## Promises, and the tests")
    table = text.partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line[:2] == "| "][2:]


def test_each_promise_names_tests_that_exist() -> None:
    assert rows()
    for promise, holds, does_not, attacked in rows():
        found = _TEST.findall(attacked)
        assert all((holds, does_not, found)), promise
        assert any(path.startswith("tests/attacks/") and name for path, name in found), promise
        for path, name in found:
            assert (ROOT / path).is_file(), path
            assert not name or name in _DEFINED.findall((ROOT / path).read_text()), name


def test_each_attack_is_of_a_promise() -> None:
    named = {pair for row in rows() for pair in _TEST.findall(row[-1])}
    defined = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in sorted((ROOT / "tests" / "attacks").glob("test_*.py"))
        for name in _DEFINED.findall(path.read_text())
    }
    assert defined - named == set()
