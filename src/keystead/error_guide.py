"""What each error id means and what to do about it, from the table ``errors.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from keystead import errors
from keystead.errors import KeysteadError
from keystead.value import NamedTuple


class Advice(NamedTuple):
    """One situation: the class that is raised for it, what it means and what to do."""

    error: type[KeysteadError]
    meaning: str
    remedy: str

    def text(self, name: str) -> str:
        """The text of `keystead help ID`."""
        error = self.error
        return (
            f"{name}\n\n{self.meaning}\n\nWhat to do: {self.remedy}\n\n"
            f"Exit code {error.exit_code}; HTTP status {error.http_status}; in Python "
            f"keystead.errors.{error.__name__}"
        )


@cache
def guide() -> Mapping[str, Advice]:
    """Every id, in the order of the classes."""
    import tomllib

    tables = tomllib.loads(Path(__file__).with_name("errors.toml").read_text(encoding="utf-8"))
    return {
        name: Advice(getattr(errors, kind), *row)
        for kind, rows in tables.items()
        for name, row in rows.items()
    }
