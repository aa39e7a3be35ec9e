"""Options that ask the last role of a profile for a session of another kind, this time."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from keystead.cli.command import Context, argument
from keystead.errors import Origin, UsageError
from keystead.model.role_options import (
    RoleOptions,
    checked_tags,
    read_policy,
    read_seconds,
)
from keystead.text.encoding import utf8_text

_FILE = "file://"

ROLE_OPTIONS = (
    argument("--role-session-name", metavar="NAME", help="the name of the role's session"),
    argument("--duration-seconds", metavar="N", help="how long the role's session lasts"),
    argument(
        "--session-policy",
        metavar="JSON",
        help="a policy that narrows the session, or file://PATH",
    ),
    argument(
        "--session-policy-arn",
        metavar="ARN",
        action="append",
        help="a managed policy that narrows the session; may be repeated",
    ),
    argument(
        "--session-tag",
        metavar="KEY=VALUE",
        action="append",
        help="a tag of the session; may be repeated",
    ),
    argument(
        "--transitive-tag",
        metavar="KEY",
        action="append",
        help="a tag that goes on to the next role; may be repeated",
    ),
    argument("--source-identity", metavar="NAME", help="who is behind the session"),
)


def role_options(context: Context, args: argparse.Namespace) -> RoleOptions | None:
    """The options that were given; None for none. Raises `UsageError`."""
    tags = [tag.partition("=") for tag in args.session_tag or ()]
    policy = args.session_policy
    if policy and policy.startswith(_FILE):
        policy = _content(context, policy.removeprefix(_FILE))
    found = RoleOptions(
        role_session_name=args.role_session_name,
        duration_seconds=_read("--duration-seconds", read_seconds, args.duration_seconds),
        policy=_read("--session-policy", read_policy, policy),
        policy_arns=tuple(args.session_policy_arn or ()),
        tags=_read("--session-tag", checked_tags, tags) or (),
        transitive_tag_keys=tuple(args.transitive_tag or ()),
        source_identity=args.source_identity,
    )
    return None if found == RoleOptions() else found


def _read(option: str, reader: Callable[[Any], Any], given: Any) -> Any:  # noqa: ANN401  # what argparse gives
    if not given:
        return None
    try:
        return reader(given)
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _content(context: Context, path: str) -> str:
    system = context.app.system
    data = system.files.read(system.folders.expand(path)).data
    if data is None:
        raise UsageError(f"--session-policy names a file that does not exist: {path}")
    return utf8_text(data, "the policy", Origin(path)).strip()
