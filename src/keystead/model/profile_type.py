"""Profile types: the settings that decide a type, and those that it requires."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.value import NamedTuple


class ProfileType(NamedTuple):
    """One kind of profile.

    It is the profile's type when all settings of one group of ``deciding`` are set; then
    ``required`` must be set too, ``optional`` may be, and any other setting that decides types is
    one too many. ``account`` is the setting that names the account, or may. ``example`` are the
    settings of a profile of this type.
    """

    name: str
    deciding: tuple[tuple[str, ...], ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    summary: str
    example: Mapping[str, str]
    account: str | None = None

    def is_decided_by(self, given: frozenset[str]) -> bool:
        """Whether these settings make a profile one of this type, even incompletely."""
        return any(given.issuperset(group) for group in self.deciding)
