"""Values are what `dataclasses` and ``typing.NamedTuple`` make of the same classes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
from typing import Any

import pytest

from keystead.value import NamedTuple, Value, asdict, field, replace


class Point(Value):
    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@dataclasses.dataclass(frozen=True)
class TheirPoint:
    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list)
    note: str = dataclasses.field(default="", compare=False, repr=False)


class Row(NamedTuple):
    x: int
    y: int = 2

    def sum(self) -> int:
        return self.x + self.y


class TheirRow(typing.NamedTuple):
    x: int
    y: int = 2


class Named(Value, kw_only=True):
    first: int = 1


class MoreNamed(Named, kw_only=True):
    second: int


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 3), {}),
    ((1,), {"y": 4}),
    ((), {"x": 1}),
    ((), {"y": 1, "x": 2}),
    ((), {"y": 1}),
    ((1,), {"x": 1}),
    ((1,), {"z": 1}),
    ((1, 2, 3, 4, 5), {}),
]


@pytest.mark.parametrize(("given", "named"), CALLS)
@pytest.mark.parametrize(("ours", "theirs"), [(Point, TheirPoint), (Row, TheirRow)])
def test_the_same_calls_make_the_same_values(
    ours: Any, theirs: Any, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    try:
        expected = theirs(*given, **named)
    except TypeError:
        with pytest.raises(TypeError, match=ours.__name__):
            ours(*given, **named)
        return
    made = ours(*given, **named)
    assert repr(made) == repr(expected).replace("Their", "")
    assert [(name, getattr(made, name)) for name in ("x", "y")] == [
        (name, getattr(expected, name)) for name in ("x", "y")
    ]


def test_a_value_equals_one_of_its_class_with_the_compared_fields() -> None:
    assert Point(1, note="a") == Point(1, note="b")
    assert Point(1) != Point(2)
    assert Point(1) != TheirPoint(1)
    assert Named() != MoreNamed(second=1)
    assert hash(Named(first=3)) == hash(Named(first=3))
    assert Point(1).tags is not Point(1).tags


def test_a_value_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Row(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Row(1).other = 2  # type: ignore[attr-defined]


def test_copies_have_other_fields() -> None:
    point = Point(1, tags=["a"])
    for made in (
        point.replace(y=5),
        replace(point, y=5),
        dataclasses.replace(point, y=5),
    ):
        assert asdict(made) == {"x": 1, "y": 5, "tags": ["a"], "note": ""}
    assert Row(1)._replace(x=3) == (3, 2)
    assert Row(1)._asdict() == {"x": 1, "y": 2}
    assert Row._make([4, 5]) == Row(4, 5)
    with pytest.raises(TypeError, match="z"):
        point.replace(z=1)


def test_copying_and_pickling_keep_values() -> None:
    for value in (Point(1, tags=["a"]), Row(1, 3), MoreNamed(second=1)):
        for made in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert made == value
            assert type(made) is type(value)
    assert pickle.loads(pickle.dumps(Row(1))).sum() == 3


def test_keyword_values_have_required_fields_after_defaults_of_their_base() -> None:
    assert repr(MoreNamed(second=1)) == "MoreNamed(first=1, second=1)"
    with pytest.raises(TypeError):
        MoreNamed(1, 2)  # type: ignore[misc]
    with pytest.raises(TypeError, match="second"):
        MoreNamed()  # type: ignore[call-arg]


def test_dataclasses_and_inspect_know_the_fields() -> None:
    assert [row.name for row in dataclasses.fields(Point)] == ["x", "y", "tags", "note"]
    assert str(inspect.signature(Row)) == "(x: 'int', y: 'int' = 2)"
    assert str(inspect.signature(MoreNamed)) == "(*, second: 'int', first: 'int' = 1)"


def test_a_pattern_matches_fields_by_place() -> None:
    match Row(1, 5):
        case Row(x, y):
            assert (x, y) == (1, 5)
