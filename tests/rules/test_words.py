"""Names, strings, comments and pages use plain words: docs/glossary.md has the terms.

The words below are refused in src/, in the names and docstrings of tests/, and in the pages.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from keystead.lint.rules import RULES

ROOT = Path(__file__).parent.parent.parent

INSTEAD = {
    "anew": "again",
    "beside": "next to, together with",
    "comes? to (?:no|a|an|the)": "finds, reaches",
    "comes? to its end": "ends",
    "goes? before": "takes precedence over",
    "goes? with": "belongs to, requires",
    "(?<!there )(?:is|are|was|were) no(?! longer| more than| one)": "is not a",
    "kept": "cached, stored, saved",
    "(?-i:kin)": "related ones",
    "leaves? no place": "disables",
    "mend(?:s|ed|ing)?": "correct, fix",
    "nobody reads": "unknown",
    "no more(?! than)": "no longer exists",
    "of (?:its|their|his|our|your|my) own": "separate, custom",
    "pass(?:es|ed)? over": "ignores",
    "puts": "writes, sets",
    "shall": "must, should",
    "stands": "is, is set",
    "told": "reported, recorded",
    "thereby|therein|thereof|hereby|whereby": "so, in it, of it",
    "likewise": "as well",
    "who(?:m)?(?:so)?ever": "any client, any user",
    "who has": "the caller with",
}
"""What is refused, as regular expressions of whole words, and what to write in its place."""
REFUSED = re.compile(rf"\b(?:{'|'.join(INSTEAD)})\b", re.IGNORECASE)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
WITHOUT = {"docs/glossary.md"}  # lists the words themselves


def as_words(name: str) -> str:
    """The words of an identifier, such as ``error id`` of ``ErrorId`` and ``error_id``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", name)


def names(tree: ast.AST) -> Iterator[str]:
    """Every name that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield ast.get_docstring(node) or ""


def texts(path: Path) -> Iterator[str]:
    """What people read of a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        return
    tree = ast.parse(text)
    if path.is_relative_to(ROOT / "tests"):
        yield from docstrings(tree)
        yield from (as_words(name) for name in names(tree) if name.startswith("test_"))
        return
    yield from (as_words(name) for name in names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield "" if node.value in RULES else node.value  # an id that users know stays
    comments = (t.string for t in tokenize.generate_tokens(io.StringIO(text).readline))
    yield "\n".join(line for line in comments if line.startswith("#"))


def found(path: Path) -> list[str]:
    flat = (" ".join(text.replace("\n#", " ").split()) for text in texts(path))
    return [match[0] for text in flat for match in REFUSED.finditer(text)]


def files() -> list[str]:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *PAGES]
    return sorted({str(path.relative_to(ROOT)) for path in sources} - WITHOUT)


@pytest.mark.parametrize("name", files())
def test_the_words_are_plain(name: str) -> None:
    assert found(ROOT / name) == [], "see INSTEAD in tests/rules/test_words.py"
