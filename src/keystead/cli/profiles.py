"""Plain commands that show profiles: list, show."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.cli.command import JSON, LOCATION, NAME, Arguments, Context, argument, command
from keystead.console.tables import table
from keystead.model.settings import is_secret
from keystead.secret import MASK, Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.model.profile import Profile, SettingValue
    from keystead.text.dialect import Skipped


@command(
    "list",
    "profiles with their type and store",
    LOCATION,
    argument("--all", action="store_true", help="also those without credentials, and why"),
    JSON,
)
def list_(context: Context, args: Arguments) -> None:
    """List the profiles."""
    snapshot = context.app.snapshot(args.location)
    found = snapshot.profiles()
    shown = [profile for profile in found if args.all or profile.type]
    rows = [_row(profile, args.all) for profile in shown]
    if args.all:
        for store, part in snapshot.parts:
            rows += [_skipped_row(section, store.type_name) for section in part.skipped()]
    if args.json:
        context.console.json(rows)
        return
    headings = {"name": "Name", "type": "Type", "store_type_name": "Store", "location": "Location"}
    if args.all:
        headings["problem"] = "Problem"
    context.console.show(table([{headings[k]: row[k] for k in headings} for row in rows]))
    if context.app.encrypted.is_unknown:
        context.console.note(
            "the encrypted store is not remembered here yet, so nothing proves what it lists; "
            "`keystead doctor` says what to do"
        )
    if not found:
        context.console.note("there are no profiles yet; `keystead set NAME` makes one")
    if len(shown) < len(found):
        context.console.note(
            f"{len(found) - len(shown)} more cannot give credentials; "
            "`keystead list --all` shows them and why"
        )


def _row(profile: Profile, full: bool) -> dict[str, object]:  # internal
    kind = profile.type
    row: dict[str, object] = {
        "name": profile.name,
        "type": kind.name if kind else None,
        "store_type_name": profile.store_type_name,
        "location": profile.location,
    }
    if full:
        row["problem"] = profile.problem()
    return row


def _skipped_row(section: Skipped, type_name: str) -> dict[str, object]:
    return {
        "name": section.title,
        "type": None,
        "store_type_name": type_name,
        "location": section.where.file,
        "problem": f"{section.where}: {section.why}",
    }


@command("show", "the settings of one profile, secrets masked", NAME, LOCATION, JSON)
def show(context: Context, args: Arguments) -> None:
    """``keystead show NAME``."""
    profile = context.app.snapshot(args.location).find(args.name)
    settings = {key: _shown(key, value) for key, value in profile.settings.items()}
    if args.json:
        details = {key: {"value": value, **_place(profile, key)} for key, value in settings.items()}
        context.console.json({**_row(profile, full=True), "settings": details})
        return
    rows = [
        {"Setting": name, "Value": value, "Where": str(profile.where(key) or "")}
        for key, shown in settings.items()
        for name, value in _flat(key, shown)
    ]
    kind = profile.type.name if profile.type else "none"
    context.console.show(f"{profile.name} ({kind}, {profile.store_type_name})\n")
    context.console.show(table(rows))
    problem = profile.problem()
    if problem:
        context.console.warn(f"profile `{profile.name}`: {problem}")
    for note in profile.notes:
        context.console.warn(note)


def _place(profile: Profile, key: str) -> dict[str, object]:
    where = profile.where(key)
    return {"file": where.file, "line": where.line} if where else {}


def _flat(key: str, value: str | dict[str, str]) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        return [(key, value)]
    return [(f"{key}.{inner}", text) for inner, text in value.items()]


def _shown(key: str, value: SettingValue) -> str | dict[str, str]:
    """A value for display: secrets and encrypted values are masked."""
    if isinstance(value, Mapping):
        return {k: MASK if is_secret(k) else v for k, v in value.items()}
    return MASK if isinstance(value, Secret) or is_secret(key) else value
