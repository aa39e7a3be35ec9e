"""Plain commands that show profiles: list, show."""

from __future__ import annotations

from collections.abc import Mapping

from keystead.cli.command import JSON, LOCATION, PICKED_NAME, Arguments, Context, argument, command
from keystead.console.tables import table
from keystead.model.settings import is_secret
from keystead.secret import MASK, Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.model.profile import Profile, SettingValue
    from keystead.stores.chain import ChainSnapshot
    from keystead.text.dialect import Skipped


_COLUMNS = ("name", "type", "store_type_name", "location")
_HEADINGS = ("Name", "Type", "Store", "Location")


@command(
    "list",
    "profiles with their type and store",
    LOCATION,
    argument("--all", action="store_true", help="also those without credentials, and why"),
    argument(
        "--wide", action="store_true", help="with account, role, region, MFA, expiry and file"
    ),
    argument("--columns", metavar="COLUMNS", help="these columns, such as name,account,role"),
    argument(
        "--filter",
        metavar="FILTER",
        action="append",
        help="only those with this in their name, or of COLUMN=PATTERN; may be repeated",
    ),
    argument("--sort", metavar="COLUMNS", help="in the order of these columns"),
    JSON,
    details="The columns are the fields of --json. A pattern may have * and ?, != finds all others "
    "and letter case does not count: --filter account=1234* --filter type!=sso.",
)
def list_(context: Context, args: Arguments) -> None:
    """List the profiles."""
    snapshot = context.app.snapshot(args.location)
    is_plain = not (args.json or args.wide or args.columns or args.filter or args.sort)
    found = (_rows if is_plain else _detailed_rows)(context, snapshot, args.all)
    rows = [row for row in found if args.all or row["type"]]
    hidden = len(found) - len(rows)
    if args.all:
        for store, part in snapshot.parts:
            rows += [_skipped_row(section, store.type_name) for section in part.skipped()]
    if args.filter or args.sort:
        from keystead.console.profile_table import arranged

        rows = arranged(rows, args.filter or (), args.sort)
    if args.json:
        context.console.json(rows)
        return
    context.console.show(_text(context, args, rows))
    if context.app.encrypted.is_unknown:
        context.console.note(
            "the encrypted store is not remembered here yet, so nothing proves what it lists; "
            "`keystead doctor` says what to do"
        )
    if not found:
        context.console.note("there are no profiles yet; `keystead set NAME` makes one")
    if args.filter and not rows:
        context.console.note("no profile fits --filter")
    if hidden and not args.filter:
        context.console.note(
            f"{hidden} more cannot give credentials; `keystead list --all` shows them and why"
        )


def _text(context: Context, args: Arguments, rows: list[dict[str, object]]) -> str:
    problem = ("problem",) if args.all else ()
    if args.columns or args.wide:
        from keystead.console.profile_table import WIDE, columns_in, detailed_table

        columns = columns_in(args.columns, "--columns") if args.columns else (*WIDE, *problem)
        system, width = context.app.system, context.console.width
        home = str(system.folders.home)
        return detailed_table(rows, columns, zone=system.zone(), home=home, width=width)
    return table(rows, dict(zip((*_COLUMNS, *problem), (*_HEADINGS, "Problem"), strict=False)))


def _rows(_: Context, snapshot: ChainSnapshot, full: bool) -> list[dict[str, object]]:  # internal
    rows: list[dict[str, object]] = []
    for store, part in snapshot.parts:
        for name, kind, problem in part.types():
            row: dict[str, object] = {
                "name": name,
                "type": kind.name if kind else None,
                "store_type_name": store.type_name,
                "location": store.location,
            }
            if full:
                row["problem"] = problem
            rows.append(row)
    return rows


def _detailed_rows(
    context: Context,
    snapshot: ChainSnapshot,
    full: bool,  # internal
) -> list[dict[str, object]]:
    from keystead.app.listings import account_names
    from keystead.app.overviews import overviews_of
    from keystead.console.profile_table import fields

    found = snapshot.profiles()
    details = overviews_of(context.app, snapshot, found, account_names(context.app, snapshot))
    return [
        {**_row(profile, full), **fields(row)} for profile, row in zip(found, details, strict=True)
    ]


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
        "file": section.where.file,
        "problem": f"{section.where}: {section.why}",
    }


@command("show", "the settings of one profile, secrets masked", PICKED_NAME, LOCATION, JSON)
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
    place = profile.store_type_name or "by its name"
    context.console.show(f"{profile.name} ({kind}, {place})\n")
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
