"""Every error has an id, every id has a page entry, and no id is invented at a raise."""

import ast
import re
from functools import cache
from pathlib import Path

import keystead
from keystead import errors
from keystead.error_guide import guide
from keystead.errors import KeysteadError

SOURCES = sorted(Path(keystead.__file__).parent.rglob("*.py"))
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, KeysteadError)
}


@cache
def trees() -> dict[Path, ast.Module]:
    """The source, parsed once and not where tests are only collected."""
    return {path: ast.parse(path.read_text()) for path in SOURCES}


def raised() -> dict[str, str]:
    """Each id that a call names, with the class that is called."""
    found: dict[str, str] = {}
    for tree in trees().values():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
                for keyword in call.keywords:
                    if keyword.arg == "id" and isinstance(keyword.value, ast.Constant):
                        kind = {"usage_error": "UsageError"}.get(name, name)
                        assert found.setdefault(keyword.value.value, kind) == kind
    return {name: kind for name, kind in found.items() if kind in CLASSES}


def of_classes() -> dict[str, str]:
    """Each id that a class has of itself, also of classes outside of `keystead.errors`."""
    return {
        node.value.value: next(
            base for base in [cls.name, *map(ast.unparse, cls.bases)] if base in CLASSES
        )
        for tree in trees().values()
        for cls in ast.walk(tree)
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and ast.unparse(node).startswith("id")
        and isinstance(node.value, ast.Constant)
    }


def test_the_guide_has_exactly_the_ids_that_are_raised() -> None:
    expected = raised() | of_classes()
    assert {name: advice.error.__name__ for name, advice in guide().items()} == expected


def test_each_class_of_errors_has_a_different_id() -> None:
    ids = [kind.id for kind in CLASSES.values()]
    assert len(set(ids)) == len(ids)


def test_ids_are_readable_and_entries_say_what_to_do() -> None:
    for name, advice in guide().items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert advice.meaning.endswith(".")
        assert advice.remedy.endswith(".")


def test_no_message_is_compared() -> None:
    """An error's text may change; what depends on an error asks for its class or its id."""
    compared = [
        f"{path.name}:{node.lineno}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Compare) and ".message" in ast.unparse(node))
        or (isinstance(node, ast.Subscript) and ".message" in ast.unparse(node.slice))
    ]
    assert compared == []
