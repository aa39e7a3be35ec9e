"""The rules of `keystead lint`: each a function with its row as a decorator."""

from __future__ import annotations

from importlib import import_module

from keystead.lint.finding import RULES
from keystead.lint.subject import CHECKS
from keystead.lint.view import CHECKS as TEXT_CHECKS

__all__ = ["CHECKS", "FAMILIES", "RULES", "TEXT_CHECKS"]

FAMILIES = (
    "files",
    "lines",
    "sections",
    "settings",
    "keys",
    "roles",
    "sso",
    "options",
    "old_forms",
    "storage",
)
"""The modules here, in the order of the page docs/readers.md."""

for _name in FAMILIES:
    import_module(f"{__name__}.{_name}")
