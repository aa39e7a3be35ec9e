"""What a cmdlet is: the rows of the table that binding, help, completion and documentation read.

This file holds the shapes and the look-up, not the cmdlets themselves and not what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell import unsupported
from keystead.secret import holds_key

Kind = Literal["string", "strings", "choice", "switch", "int", "object", "block", "any", "stream"]
"""What a parameter takes.

``strings``: one text or an array of them. ``choice``: one of its values. ``object``: what a
variable or the pipeline holds. ``block``: a comparison in braces. ``any``: whatever is given.
``stream``: all that is piped to the cmdlet, at once.
"""

Values = Mapping[str, Any]
"""Bound parameters by their canonical names; those not given are absent."""

_QUOTE_SECRETS = "letters other than A-Z, a-z, 0-9, / and + in a secret belong in single quotes"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a cmdlet.

    ``sets`` maps the parameter sets that it belongs to, each to whether it must be given there;
    None is every set, and in none it must be given. ``position`` orders the parameters that a
    value without a name may go to. A ``secret`` is bound as `keystead.secret.Secret` and never
    kept in the history. One that is ``never_empty`` takes no empty text and no ``$null``, even
    where it may be left out: an empty variable shall not mean other credentials. ``values`` is for
    completion: a tuple has the values themselves, a text names a source of them, such as
    ``profile`` or ``region``. ``piped`` takes an object from the pipeline itself; the others take
    its property of their name. ``yields_to`` names the parameter that a beginning means which fits
    both. What a parameter of the kind ``any`` takes is decided by the cmdlet; ``type_name`` says
    it in words.

    The value of a ``private`` one is not kept in the history either, but is no `Secret`: it may
    hold one, such as a structure with a password in it.

    One that is not ``by_property`` never takes a property of a piped object: which account and
    which region are meant is given with the cmdlet, not by what passes through it. ``refused``
    says what to do instead of a parameter that the AWS Tools have and keystead has not. It is
    declared all the same, since its name would count as the beginning of another one otherwise.
    """

    name: str
    meaning: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "string"
    sets: Mapping[str, bool] | None = None
    position: int | None = None
    secret: bool = False
    never_empty: bool = False
    values: tuple[str, ...] | str = ()
    piped: bool = False
    yields_to: str | None = None
    type_name: str | None = None
    by_property: bool = True
    refused: str | None = None
    private: bool = False

    @property
    def may_hold_secret(self) -> bool:
        """Whether no history keeps its value."""
        return self.secret or self.private

    @property
    def names(self) -> tuple[str, ...]:
        """The name, then the aliases."""
        return (self.name, *self.aliases)

    def in_set(self, set_name: str | None) -> bool:
        """Whether the parameter belongs to that set."""
        return self.sets is None or set_name in self.sets

    def mandatory_in(self, set_name: str | None) -> bool:
        """Whether the parameter must be given in that set."""
        return (self.sets or {}).get(set_name or "", False)

    def filled_in(self, set_name: str | None) -> bool:
        """Whether an empty value is an error in that set."""
        return self.never_empty or self.mandatory_in(set_name)


_SILENCE = ("SilentlyContinue", "Ignore")

COMMON: tuple[Parameter, ...] = (
    Parameter("Verbose", "tell more of what is done", aliases=("vb",), kind="switch"),
    Parameter(
        "ErrorAction",
        "SilentlyContinue or Ignore: an error is passed over",
        aliases=("ea",),
        kind="choice",
        values=("Stop", *_SILENCE),
    ),
    Parameter(
        "WarningAction",
        "SilentlyContinue or Ignore: no warnings",
        aliases=("wa",),
        kind="choice",
        values=("Continue", *_SILENCE),
    ),
    Parameter(
        "OutVariable",
        "the variable that keeps the output too; +NAME adds to it",
        aliases=("ov",),
        never_empty=True,
    ),
    Parameter(
        "ErrorVariable",
        "the variable that keeps the message of an error that is passed over",
        aliases=("ev",),
        never_empty=True,
    ),
)
"""What every cmdlet takes."""

CHANGING: tuple[Parameter, ...] = (
    Parameter("WhatIf", "only show what would be done", aliases=("wi",), kind="switch"),
    Parameter("Confirm", "ask first", aliases=("cf",), kind="switch"),
)
"""What every cmdlet takes that changes something."""


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet.

    ``default_set`` is the parameter set that counts where several would do; it need not be named
    by a parameter. ``deprecated`` says what to use instead. ``changes``, for a cmdlet that changes
    something, has the parameters that name what; it takes ``-WhatIf`` and ``-Confirm`` then. One
    that ``asks`` does so without ``-Confirm`` too, unless ``-Force`` is given. ``refused`` has
    the parameters that are declared only to be refused by name.
    ``function`` gives the objects that the cmdlet puts out; nothing here calls it. ``outputs``
    gives the names of their properties, as far as they are known before. A row with two parameters
    of one name raises ValueError.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., Iterable[object]]
    aliases: tuple[str, ...] = ()
    default_set: str | None = None
    deprecated: str | None = None
    changes: tuple[str, ...] | None = None
    asks: bool = False
    refused: tuple[Parameter, ...] = ()
    outputs: Callable[[], Iterable[str]] = tuple

    def __post_init__(self) -> None:
        spellings = [name.lower() for row in self.all_parameters for name in row.names]
        twice = sorted({name for name in spellings if spellings.count(name) > 1})
        if twice:
            raise ValueError(f"{self.name} has two parameters named {', '.join(twice)}")

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Its own parameters, those it shares with all cmdlets, and those that it refuses."""
        return (*self.parameters, *self.shared_parameters, *self.refused)

    @property
    def shared_parameters(self) -> tuple[Parameter, ...]:
        """What it takes as all cmdlets do, or all that change something."""
        return COMMON if self.changes is None else (*CHANGING, *COMMON)

    @property
    def stream(self) -> Parameter | None:
        """The parameter that takes all that is piped to the cmdlet, if there is one."""
        return next((row for row in self.parameters if row.kind == "stream"), None)

    @property
    def set_names(self) -> tuple[str | None, ...]:
        """The parameter sets, the default first; one nameless set where there are none."""
        named = (name for row in self.parameters for name in row.sets or ())
        default = () if self.default_set is None else (self.default_set,)
        return tuple(dict.fromkeys((*default, *named))) or (None,)

    def matches(self, name: str) -> tuple[Parameter, ...]:
        """The parameters that ``name`` can stand for, in any letter case.

        A whole name or alias stands for its parameter alone; anything shorter for all that have
        a name or alias beginning with it and yield to no other of them.
        """
        wanted = name.lower()
        begun: list[Parameter] = []
        for row in self.all_parameters:
            spellings = [spelling.lower() for spelling in row.names]
            if wanted in spellings:
                return (row,)
            if any(spelling.startswith(wanted) for spelling in spellings):
                begun.append(row)
        # The parts of a structure, such as Code_S3Bucket, leave the beginning to the whole.
        wholes = tuple(f"{row.name}_" for row in begun)
        found = {row.name for row in begun}
        return tuple(
            row for row in begun if row.yields_to not in found and not row.name.startswith(wholes)
        )


class Made(Protocol):
    """Cmdlets beside those of the table, made when they are asked for."""

    def find(self, name: str) -> Cmdlet | None:
        """The cmdlet of that name in any letter case, None when there is none."""

    def names(self, like: str) -> Iterable[str]:
        """The names that a mistyped one could have been meant for."""


class Registry:
    """Cmdlets by name or alias, in any letter case; iterating gives those of the table."""

    def __init__(self, cmdlets: Iterable[Cmdlet], made: Made | None = None) -> None:
        self._cmdlets = tuple(cmdlets)
        self._made = made
        self._by_name: dict[str, Cmdlet] = {}
        for cmdlet in self._cmdlets:
            for name in (cmdlet.name, *cmdlet.aliases):
                if self._by_name.setdefault(name.lower(), cmdlet) is not cmdlet:
                    raise ValueError(f"two cmdlets are named {name}")

    def __iter__(self) -> Iterator[Cmdlet]:
        return iter(self._cmdlets)

    def get(self, name: str) -> Cmdlet | None:
        """The cmdlet of that name or alias, None when there is none."""
        known = self._by_name.get(name.lower())
        return self._made.find(name) if known is None and self._made else known

    def find(self, name: str, *, guarded: bool = False) -> Cmdlet:
        """The cmdlet of that name or alias. Raises `UsageError` with near names as hint.

        The name is not shown when it is ``guarded``, as it may be the rest of a secret, nor when
        it looks like one.
        """
        cmdlet = self.get(name)
        if cmdlet is not None:
            return cmdlet
        hint = unsupported.instead(unsupported.CMDLETS, name)
        if hint:
            raise UsageError(f"{name} is not supported", hint=hint)
        near = self.near(name)
        if holds_key(name) or guarded:
            raise UsageError(
                "a line begins with the name of a cmdlet; this one may be a secret",
                hint=did_you_mean(near) if near else _QUOTE_SECRETS,
            )
        hint = did_you_mean(near) if near else "`keystead help cmdlets` shows the cmdlets there are"
        raise UsageError(f"there is no cmdlet `{name}`", hint=hint)

    def made(self, like: str) -> Iterable[str]:
        """The cmdlets beside the table that ``like`` may be, or begin."""
        return self._made.names(like) if self._made else ()

    def near(self, name: str) -> list[str]:
        """Names and aliases much like ``name``, the nearest first."""
        spellings = [s for cmdlet in self._cmdlets for s in (cmdlet.name, *cmdlet.aliases)]
        return near_names(name, (*spellings, *self.made(name)))
