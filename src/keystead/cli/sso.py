"""``keystead sso``: the accounts and roles of IAM Identity Center, and profiles for them."""

from __future__ import annotations

from functools import partial

from keystead.cli.command import FORCE, JSON, Arguments, Context, argument, command, group
from keystead.cli.dry_run import DRY_RUN, dry
from keystead.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import TypeVar

    from keystead.console.console import Console
    from keystead.identity_center.directory import Directory
    from keystead.identity_center.lister import Progress
    from keystead.identity_center.populate import Populate
    from keystead.identity_center.population import Population, Wish
    from keystead.stores.chain import ChainSnapshot

    _Result = TypeVar("_Result")

_SHOWN_LINES = 100
"""How many lines of a change are shown before the question."""
_SHOWN_NAMES = 5
_BAR = 20

SSO_SESSION = argument(
    "--sso-session", metavar="SESSION", help="the sso-session; else the only one there is"
)

group("sso", "accounts and roles of IAM Identity Center")


@command(
    "sso accounts",
    "accounts and roles that a login reaches",
    argument(
        "pattern",
        metavar="PATTERN",
        nargs="?",
        help="only these: ACCOUNT or ACCOUNT/ROLE with * and ?, the account by id or name",
    ),
    SSO_SESSION,
    JSON,
    details="Each NAME that it shows works wherever a profile's does, without a profile.",
)
def accounts(context: Context, args: Arguments) -> None:
    """``keystead sso accounts``."""
    from keystead.console.tables import table
    from keystead.identity_center.account import RoleFilter
    from keystead.model.role_reference import RoleReference

    directory, _ = _directory(context, args)
    selected = RoleFilter.parse([args.pattern] if args.pattern else [])
    listing = with_progress(context.console, partial(directory.list, selected))
    directory.cache.end()
    found = [(account, selected.roles(account)) for account in listing.accounts]
    if args.json:
        rows = (
            {
                "account_id": account.id,
                "account_name": account.name,
                "email": account.email,
                "roles": [
                    {"role": role, "name": str(RoleReference(directory.session, account.id, role))}
                    for role in roles
                ],
            }
            for account, roles in found
            if roles
        )
        context.console.json(list(rows))
        return
    context.console.show(
        table(
            [
                {
                    "Name": str(RoleReference(directory.session, account.id, role)),
                    "Account": account.id,
                    "Account name": account.name,
                    "Role": role,
                }
                for account, roles in found
                for role in roles
            ],
            width=context.console.width,
            key="Name",
        )
    )
    if not any(roles for _, roles in found):
        what = "that match" if args.pattern else "for this login"
        context.console.note(f"there are no accounts and roles {what}")


@command(
    "sso populate",
    "write a profile for every account and role into the config file",
    SSO_SESSION,
    argument(
        "--template",
        metavar="TEMPLATE",
        help="the names of profiles (default: {account_name}-{role_name}); the other fields are "
        "{account_id}, {email}, {session} and {region}",
    ),
    argument(
        "--include",
        metavar="PATTERN",
        action="append",
        help="only these: ACCOUNT or ACCOUNT/ROLE with * and ?, the account by id or name",
    ),
    argument("--exclude", metavar="PATTERN", action="append", help="not these"),
    argument(
        "--region",
        metavar="RULE",
        action="append",
        help="the region: PATTERN=REGION, or REGION for the rest; the first that matches",
    ),
    argument("--prune", action="store_true", help="remove profiles whose account or role is gone"),
    FORCE,
    DRY_RUN,
    details="It shows the change and asks. Options that are not given are taken from the settings "
    "populate_template, populate_include, populate_exclude and populate_region of the sso-session "
    "section, where blanks separate several values.",
)
@dry
def populate(context: Context, args: Arguments) -> None:
    """``keystead sso populate``."""
    from keystead.identity_center.populate import Populate

    app = context.app
    directory, snapshot = _directory(context, args)
    wish = _wish(directory, snapshot, args)
    listing = with_progress(context.console, partial(directory.list, wish.selected))
    if not listing.accounts:
        context.console.warn(
            "the login reaches no account" + ", so no profile is removed" * args.prune
        )
    elif not any(map(wish.selected.roles, listing.accounts)):
        context.console.warn("no account and role matches the patterns")
    others = (store for store in app.stores if store is not app.shared)
    change = Populate(
        wish.replace(accounts=listing.accounts),
        (found.name for store in others for found in store.profiles()),
    )
    try:
        if args.force or args.dry_run or _agreed(context, change):
            change.write(app.shared)
            _report(context, change.population, is_dry=args.dry_run)
    finally:
        directory.cache.end()


def _directory(context: Context, args: Arguments) -> tuple[Directory, ChainSnapshot]:
    """The accounts behind the sso-session that is named, else behind the only one."""
    snapshot = context.app.snapshot()
    names = [args.sso_session] if args.sso_session else context.app.shared.snapshot().sso_sessions()
    if len(names) != 1:
        from keystead.console.tables import few

        shown = few(names, _SHOWN_NAMES, mark="`")
        raise UsageError(
            "there are several sso-sessions" if names else "there is no sso-session",
            id="sso-session-not-named",
            hint=f"name one by --sso-session: {shown}"
            if names
            else "add a section `[sso-session NAME]` with `sso_start_url` and `sso_region` to the "
            "config file",
        )
    snapshot.existing_sso_session(names[0])
    return context.app.directory(names[0], snapshot), snapshot


def with_progress(console: Console, call: Callable[[Progress], _Result]) -> _Result:
    """The result of ``call``, which lists roles, with a bar on a terminal meanwhile."""

    def show(done: int, known: int, at_once: int) -> None:
        filled = "#" * (_BAR * done // max(known, 1))
        calls = "call" if at_once == 1 else "calls"
        console.progress(
            f"roles of accounts [{filled:.<{_BAR}}] {done}/{known}, {at_once} {calls} at once"
        )

    try:
        return call(show)
    finally:
        console.progress("")


def _wish(directory: Directory, snapshot: ChainSnapshot, args: Arguments) -> Wish:
    """What the options, else the settings of the sso-session, ask for."""
    from keystead.identity_center.account import RoleFilter
    from keystead.identity_center.population import Wish
    from keystead.identity_center.profile_name import DEFAULT_TEMPLATE, NameTemplate
    from keystead.identity_center.region_rule import parse_rules, rules_of
    from keystead.model.validation import check_setting

    section = snapshot.sso_session(directory.session)
    check_setting("sso_session", directory.session)

    def given(option: list[str] | None, setting: str) -> list[str]:
        return section.get(setting, "").split() if option is None else option

    template = args.template or section.get("populate_template") or DEFAULT_TEMPLATE
    try:
        made = NameTemplate.parse(template)
    except ValueError as error:
        source = "--template" if args.template else "populate_template"
        raise UsageError(f"the value of `{source}` {error}") from None
    try:
        rules = parse_rules(args.region or ())
    except ValueError as error:
        raise UsageError(f"the value of `--region` {error}") from None
    include = given(args.include, "populate_include")
    exclude = given(args.exclude, "populate_exclude")
    if args.region is None:
        rules = rules_of(directory.session, snapshot)
    return Wish(
        directory.session, (), RoleFilter.parse(include, exclude), made, rules, prune=args.prune
    )


def _agreed(context: Context, change: Populate) -> bool:
    """Show the change and ask; False where it is not to be made."""
    from keystead.app.dry_run import DryRun

    dry_run = DryRun(context.app)
    change.write(dry_run.app.shared)
    if not change.population.names:
        return True  # there is nothing to agree to
    lines = list(dry_run.changes())
    for line in lines[:_SHOWN_LINES]:
        context.console.show(line)
    if len(lines) > _SHOWN_LINES:
        context.console.note(
            f"{len(lines) - _SHOWN_LINES} more lines are not shown; --dry-run shows them all"
        )
    made = change.population
    counts = ((made.added, "add"), (made.changed, "change"), (made.removed, "remove"))
    what = ", ".join(f"{word} {_count(names)}" for names, word in counts if names)
    place = context.app.system.folders.config_file
    agreed = context.app.system.terminal.confirm(
        f"{what} in {place}?", hint="use --force to write without confirmation"
    )
    if not agreed:
        context.console.note("nothing was changed")
    return agreed


def _report(context: Context, made: Population, *, is_dry: bool) -> None:
    counts = ((made.added, "added"), (made.changed, "changed"), (made.removed, "removed"))
    done = [f"{_count(names)} {word}" for names, word in counts if names]
    if not is_dry or not done:
        context.console.note(", ".join(done) or "there is nothing to change")
    if made.own_region:
        context.console.note(
            f"{_named(made.own_region)} keep the region that was set by hand in place of the rule's"
        )
    if made.served:
        context.console.note(
            f"{_named(made.served)} give the role under the name already, and were left as they are"
        )
    for reference in made.unwritable:
        context.console.warn(
            f"`{reference}` cannot be written to the config file, so it is left out"
        )
    if made.removed:
        from keystead.identity_center.populate import broken_references

        profiles = context.app.shared.profiles()
        for name, removed in broken_references(profiles, set(made.removed)):
            context.console.warn(f"profile `{name}` names `{removed}`, which was removed")


def _count(names: Collection[str]) -> str:
    return f"{len(names)} profile" if len(names) == 1 else f"{len(names)} profiles"


def _named(names: Sequence[str]) -> str:
    from keystead.console.tables import few

    return f"{_count(names)} ({few(names, _SHOWN_NAMES, mark='`')})"
