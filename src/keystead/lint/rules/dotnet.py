"""Rules on what hides a profile, or the list of all, from the .NET SDK and PowerShell."""

from __future__ import annotations

from collections.abc import Iterator

from keystead.lint.finding import Finding
from keystead.lint.subject import Shared, found
from keystead.model.dotnet import TYPED, Hides, hiding
from keystead.model.settings import SETTINGS


def hidden(shared: Shared) -> Iterator[Finding]:
    """Settings that the .NET SDK cannot convert; what no tool can use is `value-shape`."""
    for name, profile in shared.profiles.items():
        for one in hiding(profile, shared.sso_sessions):
            value, row = profile.text(one.setting), SETTINGS.get(one.setting)
            if not value or one.setting not in TYPED or (row and not row.fits(value)):
                continue  # another rule names it, and this one in its message
            rule = "list-hidden-from-dotnet" if one.hides is Hides.ALL else "hidden-from-dotnet"
            message = f"for its `{one.setting}`, {one.consequence(name)}"
            fix = "write a value that every SDK can convert, or take it out"
            yield found(rule, profile, one.setting, message, fix)
