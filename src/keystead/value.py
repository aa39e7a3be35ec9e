"""Frozen value classes that are cheap to define; see "Values" in CONTRIBUTING."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

if TYPE_CHECKING:
    from inspect import Signature


class Field:
    """A field's default with the row of a table: see `Value.rows`."""

    def __init__(self, default: object, row: Any) -> None:  # noqa: ANN401  # each table's own
        self.default = default
        self.row = row


class _SignatureOfFields:
    def __get__(self, _value: object, kind: type[Value]) -> Signature:
        from inspect import Parameter, Signature

        return Signature(
            [
                Parameter(
                    name,
                    Parameter.KEYWORD_ONLY,
                    default=kind.defaults.get(name, Parameter.empty),
                    annotation=annotation,
                )
                for name, annotation in kind.fields.items()
            ]
        )


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Value:
    """A frozen value with the annotated fields of its class and base classes, given by keyword.

    Values of two classes are never equal. ``rows`` has the row of each field whose default is a
    `Field`.
    """

    fields: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Mapping[str, object]] = {}
    rows: ClassVar[Mapping[str, Any]] = {}
    __signature__ = _SignatureOfFields()

    def __init_subclass__(cls) -> None:
        own = {
            name: annotation
            for name, annotation in cls.__annotations__.items()
            if not annotation.startswith("ClassVar")
        }
        above = [kind for kind in reversed(cls.__bases__) if issubclass(kind, Value)]
        fields = {name: text for kind in above for name, text in kind.fields.items()} | own
        defaults = {name: value for kind in above for name, value in kind.defaults.items()}
        rows = {name: row for kind in above for name, row in kind.rows.items()}
        for name in filter(vars(cls).__contains__, own):
            default = vars(cls)[name]
            if isinstance(default, Field):
                rows[name] = default.row
                setattr(cls, name, default := default.default)
            defaults[name] = default
        cls.fields = {name: fields[name] for name in sorted(fields, key=defaults.__contains__)}
        cls.defaults, cls.rows = defaults, rows

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # type checkers know the fields
        found = {**self.defaults, **given}
        if found.keys() != self.fields.keys():
            wrong = sorted(found.keys() ^ self.fields.keys())
            raise TypeError(f"{type(self).__name__}: missing or unknown: {', '.join(wrong)}")
        vars(self).update(found)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    __delattr__ = __setattr__  # type: ignore[assignment]  # both refuse

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *(vars(self)[name] for name in self.fields)))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={vars(self)[name]!r}" for name in self.fields)
        return f"{type(self).__name__}({shown})"

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401  # as the fields
        """A copy with other fields."""
        return type(self)(**{**vars(self), **changes})
