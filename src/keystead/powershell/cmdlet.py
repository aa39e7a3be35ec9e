"""The types of the table of cmdlets, which binding, help, completion and documentation read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, Protocol

from keystead.errors import UsageError
from keystead.near import did_you_mean, near_names
from keystead.powershell import unsupported
from keystead.secret import holds_key
from keystead.value import Value

Kind = Literal["string", "strings", "choice", "switch", "int", "object", "block", "any", "stream"]
"""The type of a parameter.

``strings``: one text or an array of them. ``choice``: one of its values. ``object``: an object from
a variable or the pipeline. ``block``: a comparison in braces. ``any``: any value. ``stream``: all
piped objects at once.
"""

Values = Mapping[str, Any]
"""Bound parameters by their canonical names; those not given are absent."""

_QUOTE_SECRETS = "put a secret with characters other than A-Z, a-z, 0-9, / and + in single quotes"


class Parameter(Value):
    """One parameter of a cmdlet.

    ``sets`` maps its parameter sets to whether it is mandatory there; None is every set, mandatory
    in none. ``position`` orders the positional parameters. A ``secret`` is bound as
    `keystead.secret.Secret` and never stored in the history. One that is ``never_empty`` rejects
    empty text and ``$null`` even if it is optional: an empty variable must not select other
    credentials. ``values`` is for completion: a tuple has the values, a text names a source of
    them, such as ``profile``. ``piped`` accepts a piped object itself; the others accept its
    property of their name. ``yields_to`` names the parameter that a prefix of both means.
    ``type_name`` describes what a parameter of the kind ``any`` accepts.

    The value of a ``private`` one is not stored in the history either, but is not a `Secret`: it
    may contain one, such as a structure with a password.

    One that is not ``by_property`` ignores properties of piped objects: account and region are
    given with the cmdlet, not by its input. ``refused`` is the hint for a parameter of the AWS
    Tools that keystead does not support. It is declared because its name would otherwise be a
    prefix of another one.
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


def switch(
    name: str,
    meaning: str,
    aliases: tuple[str, ...] = (),
    *,
    sets: Mapping[str, bool] | None = None,
) -> Parameter:
    """A parameter without a value."""
    return Parameter(name, meaning, aliases, "switch", sets)


_SILENCE = ("SilentlyContinue", "Ignore")

COMMON: tuple[Parameter, ...] = (
    switch("Verbose", "show what the cmdlet does", aliases=("vb",)),
    Parameter(
        "ErrorAction",
        "SilentlyContinue or Ignore: suppress errors",
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
        "also store the output in this variable; +NAME appends to it",
        aliases=("ov",),
        never_empty=True,
    ),
    Parameter(
        "ErrorVariable",
        "store the message of a suppressed error in this variable",
        aliases=("ev",),
        never_empty=True,
    ),
)
"""What every cmdlet takes."""

CHANGING: tuple[Parameter, ...] = (
    switch("WhatIf", "only show what would be done", aliases=("wi",)),
    switch("Confirm", "ask first", aliases=("cf",)),
)
"""What every cmdlet takes that changes something."""


class Cmdlet(Value):
    """One cmdlet.

    ``default_set`` is the parameter set to use if several fit; it need not have parameters.
    ``deprecated`` says what to use instead. ``changes``, for a cmdlet that changes something, has
    the parameters that name what; it accepts ``-WhatIf`` and ``-Confirm``. One that ``asks`` does
    so even without ``-Confirm``, unless ``-Force`` is given. ``refused`` has the parameters
    that are declared only to be rejected. ``function`` returns the output, ``outputs`` the names of
    its properties, as far as they are known. Two parameters of one name raise ValueError.
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
        """The parameters that ``name`` can mean, in any case.

        A full name or alias means one parameter; a prefix means all with such a name or alias
        that do not yield to another of them.
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


class DynamicCmdlets(Protocol):
    """Cmdlets that are not in the table and are created on demand."""

    def find(self, name: str) -> Cmdlet | None:
        """The cmdlet of that name in any letter case, None when there is none."""

    def names(self, like: str) -> Iterable[str]:
        """The names that a misspelt one may mean."""


class Registry:
    """Cmdlets by name or alias, in any case; iterates over those of the table."""

    def __init__(self, cmdlets: Iterable[Cmdlet], dynamic: DynamicCmdlets | None = None) -> None:
        self._cmdlets = tuple(cmdlets)
        self._dynamic = dynamic
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
        return self._dynamic.find(name) if known is None and self._dynamic else known

    def find(self, name: str, *, guarded: bool = False) -> Cmdlet:
        """The cmdlet of that name or alias. Raises `UsageError` with near names as hint.

        The name is not shown if it is ``guarded``, as part of a secret, or looks like a key.
        """
        cmdlet = self.get(name)
        if cmdlet is not None:
            return cmdlet
        hint = unsupported.hint_for(unsupported.CMDLETS, name)
        if hint:
            raise UsageError(f"{name} is not supported", id="cmdlet-not-supported", hint=hint)
        near = self.near(name)
        if holds_key(name) or guarded:
            raise UsageError(
                "a line must begin with the name of a cmdlet; this word may be a secret",
                id="unknown-cmdlet",
                hint=did_you_mean(near) if near else _QUOTE_SECRETS,
            )
        hint = did_you_mean(near) if near else "`keystead help cmdlets` lists the cmdlets"
        raise UsageError(f"there is no cmdlet `{name}`", id="unknown-cmdlet", hint=hint)

    def dynamic_names(self, like: str) -> Iterable[str]:
        """The names of dynamic cmdlets that ``like`` may mean or begin."""
        return self._dynamic.names(like) if self._dynamic else ()

    def near(self, name: str) -> list[str]:
        """Names and aliases much like ``name``, the nearest first."""
        spellings = [s for cmdlet in self._cmdlets for s in (cmdlet.name, *cmdlet.aliases)]
        return near_names(name, (*spellings, *self.dynamic_names(name)))
