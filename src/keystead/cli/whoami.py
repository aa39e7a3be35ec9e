"""``keystead whoami``: shows whose credentials these are, by asking STS."""

from __future__ import annotations

from keystead.audit.grantee import Grantee
from keystead.cli.command import (
    JSON,
    LOCATION,
    NAME_OR_DEFAULT,
    Arguments,
    Context,
    argument,
    command,
)
from keystead.cli.role_options import ROLE_OPTIONS, role_options
from keystead.console.tables import table
from keystead.model.account import mismatch, require_account
from keystead.value import replace


@command(
    "whoami",
    "show whose credentials these are, by asking STS",
    NAME_OR_DEFAULT,
    LOCATION,
    argument("--region", help="the region of STS"),
    *ROLE_OPTIONS,
    JSON,
)
def whoami(context: Context, args: Arguments) -> None:
    """``keystead whoami [NAME]``."""
    app = context.app
    selected = app.select(args.name, args.location, role_options(context, args))
    settings = selected.client_settings
    if args.region:
        settings = replace(settings, region=args.region)
    client = app.client(settings, selected.credentials(Grantee("whoami")))
    answer = client.call("sts", "GetCallerIdentity", {})
    identity = {key: answer.get(key) for key in ("UserId", "Account", "Arn")}
    if selected.plan.profile:
        profile = selected.profiles.find(selected.plan.profile)
        require_account(profile, mismatch(profile, identity["Account"], f"`{identity['Arn']}`"))
    if args.json:
        context.console.json(identity)
    else:
        context.console.show(table([identity]))
