"""Values that are cheap to define: `Value` and `NamedTuple`; see "Values" in CONTRIBUTING.

They take the place of `dataclasses.dataclass` and `typing.NamedTuple`, which generate and compile
code for each class. Type checkers, `inspect.signature` and the functions of `dataclasses` know
their fields all the same. `Protocol` and `assert_never` are those of
`typing` for type checkers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

__all__ = ["NamedTuple", "Protocol", "Value", "asdict", "assert_never", "field", "replace"]

TYPE_CHECKING = False  # type checkers know the name; `typing` takes as long as 50 classes
if TYPE_CHECKING:
    from dataclasses import replace
    from inspect import Signature
    from typing import Any, ClassVar, NamedTuple, Protocol, Self, assert_never, dataclass_transform
else:
    from collections import _tuplegetter

    Protocol = object

    def assert_never(value):
        raise AssertionError(f"no case for {value!r}")

    def dataclass_transform(**_):
        return lambda kind: kind

    class _TupleType(type):
        def __new__(cls, name, bases, given):
            kind = super().__new__(cls, name, bases, {"__slots__": (), **given})
            if kind.__annotations__:
                kind._fields = kind.__match_args__ = tuple(kind.__annotations__)
                kind._field_defaults = {key: given[key] for key in kind._fields if key in given}
                for index, key in enumerate(kind._fields):
                    setattr(kind, key, _tuplegetter(index, None))
            return kind

        @property
        def __signature__(cls):
            return _signature(cls.__annotations__, cls._field_defaults)

    class NamedTuple(tuple, metaclass=_TupleType):
        _fields = ()
        _field_defaults = {}

        def __new__(cls, *given, **named):
            if named or len(given) != len(cls._fields):
                more, defaults = cls._fields[len(given) :], cls._field_defaults
                try:
                    given += tuple([named.pop(k) if k in named else defaults[k] for k in more])
                except KeyError as missing:
                    raise _wrong(cls, missing.args) from None
                if named or len(given) > len(cls._fields):
                    raise _wrong(cls, [f"{len(given)} by place", *named])
            return tuple.__new__(cls, given)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changes):
            if not changes.keys() <= set(self._fields):
                raise _wrong(type(self), changes)
            return tuple.__new__(type(self), map(changes.get, self._fields, self))

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            shown = ", ".join(f"{key}={value!r}" for key, value in self._asdict().items())
            return f"{type(self).__name__}({shown})"

        def __getnewargs__(self):
            return tuple(self)

    def replace(value, **changes):
        return value.replace(**changes)


def _wrong(kind: type, names: Iterable[str]) -> TypeError:
    return TypeError(f"{kind.__name__}: missing, unknown or given twice: {', '.join(names)}")


def _signature(
    annotations: Mapping[str, str], defaults: Mapping[str, object], *, kw_only: bool = False
) -> Signature:
    from inspect import Parameter, Signature

    return Signature(
        [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY if kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                default=defaults.get(name, Parameter.empty),
                annotation=annotation,
            )
            for name, annotation in sorted(
                annotations.items(), key=lambda row: kw_only and row[0] in defaults
            )
        ]
    )


def asdict(value: Value) -> dict[str, Any]:
    """The fields by name; values in them stay as they are."""
    return {name: vars(value)[name] for name in value.fields}


class Field:
    """What `field` says of a field."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options


def field(**options: Any) -> Any:  # as `dataclasses.field`
    """A field with a ``default`` or ``default_factory``, or with ``repr`` or ``compare`` False.

    ``row`` is its row of a table: see `Value.rows`.
    """
    return Field(options)


class _OfDataclass:
    """An attribute of the data class with the same fields, which is made when it is read."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, _value: object, kind: type[Value]) -> object:
        import dataclasses

        rows = []
        for name, annotation in kind.fields.items():
            options = dict(
                kind._field_options.get(name, {"default": kind._field_defaults.get(name, ...)})
            )
            options.pop("row", None)
            if options.get("default") is ...:
                del options["default"]
            rows.append((name, annotation, dataclasses.field(**options)))
        return getattr(dataclasses.make_dataclass(kind.__name__, rows, kw_only=True), self._name)


class _SignatureOfFields:
    def __get__(self, _value: object, kind: type[Value]) -> Signature:
        from inspect import signature

        if kind.__init__ is not Value.__init__:
            own = signature(kind.__init__)
            return own.replace(parameters=list(own.parameters.values())[1:])
        return _signature(kind.fields, kind._field_defaults, kw_only=kind._kw_only)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value:
    """A frozen value with the annotated fields of its class and base classes.

    Values of two classes are never equal. As in `dataclasses`, a class with ``kw_only`` is made by
    keyword, so that a field without a default may follow one with a default.
    """

    fields: ClassVar[Mapping[str, str]] = {}
    """The annotation of each field."""
    _field_defaults: ClassVar[Mapping[str, Any]] = {}
    """The default of each field that has one; a factory in place of its value."""
    _field_options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What `field` was given, of each field that has it."""
    _field_factories: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    rows: ClassVar[Mapping[str, Any]] = {}
    _compared_fields: ClassVar[tuple[str, ...]] = ()
    _kw_only: ClassVar[bool] = False
    if not TYPE_CHECKING:
        __signature__ = _SignatureOfFields()
        __dataclass_fields__ = _OfDataclass()
        __dataclass_params__ = _OfDataclass()

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        above = [kind for kind in reversed(cls.__bases__) if issubclass(kind, Value)]
        cls._kw_only = kw_only or any(kind._kw_only for kind in above)
        fields = {name: text for kind in above for name, text in kind.fields.items()}
        defaults = {name: value for kind in above for name, value in kind._field_defaults.items()}
        options = {name: found for kind in above for name, found in kind._field_options.items()}
        for name, annotation in cls.__annotations__.items():
            if annotation.startswith("ClassVar"):
                continue
            fields[name] = annotation
            if name not in vars(cls):
                continue
            default = vars(cls)[name]
            if isinstance(default, Field):
                delattr(cls, name)
                options[name] = default.options
                if "default_factory" in default.options:
                    defaults[name] = default.options["default_factory"]
                if "default" not in default.options:
                    continue
                default = default.options["default"]
                setattr(cls, name, default)
            defaults[name] = default
        cls.fields, cls._field_defaults, cls._field_options = fields, defaults, options
        cls.rows = {name: found["row"] for name, found in options.items() if "row" in found}
        cls._field_factories = {
            name: found["default_factory"]
            for name, found in options.items()
            if "default_factory" in found
        }
        cls._compared_fields = tuple(
            name for name in fields if name not in options or options[name].get("compare", True)
        )

    def __init__(self, *given: Any, **named: Any) -> None:
        if given:
            by_place = dict(zip(self.fields, given, strict=False))
            if self._kw_only or len(by_place) < len(given) or by_place.keys() & named.keys():
                raise _wrong(type(self), [f"{len(given)} by place", *named])
            named = {**by_place, **named}
        if named.keys() != self.fields.keys():
            named = {**self._field_defaults, **named}
            if named.keys() != self.fields.keys():
                raise _wrong(type(self), sorted(named.keys() ^ self.fields.keys()))
            for name, make in self._field_factories.items():
                if named[name] is make:
                    named[name] = make()
        vars(self).update(named)
        self.__post_init__()

    def __post_init__(self) -> None:
        """What else is due for a new value."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    __delattr__ = __setattr__  # type: ignore[assignment]  # both refuse

    def replace(self, **changes: Any) -> Self:
        """A copy with other fields."""
        return type(self)(**{**asdict(self), **changes})

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        mine, theirs = vars(self), vars(other)
        return [mine[name] for name in self._compared_fields] == [
            theirs[name] for name in self._compared_fields
        ]

    def __hash__(self) -> int:
        return hash((type(self), *(vars(self)[name] for name in self._compared_fields)))

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={vars(self)[name]!r}"
            for name in self.fields
            if self._field_options.get(name, {}).get("repr", True)
        )
        return f"{type(self).__name__}({shown})"
