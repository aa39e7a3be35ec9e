"""A role that is assumed with the credentials of another source: one AssumeRole call of a plan."""

from __future__ import annotations

from keystead.errors import ProfileInvalid
from keystead.model.profile_type import ProfileType
from keystead.model.role_options import (
    RoleOption,
    RoleOptions,
    option,
    read_options,
)
from keystead.model.setting import ARN, Group, Setting
from keystead.model.sources import AMBIENT, SOURCES, Source
from keystead.model.sources.kind import Kind, Offer
from keystead.model.sources.web_identity import WebIdentity
from keystead.near import did_you_mean, near_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from keystead.model.profile import Profile

_ROLE, _PROFILE, _AMBIENT = "role_arn", "source_profile", "credential_source"
_MFA = Setting(
    "mfa_serial",
    Group.ROLE,
    "the MFA device whose code is asked for",
    netsdk="MfaSerial",
    sealed=True,
    shape=r"[\w+=/:,.@-]{9,256}",
    rule="a serial number or ARN, 9 to 256 characters",
    one_line=True,
)
_EXTERNAL_ID = RoleOption(
    Setting(
        "external_id",
        Group.ROLE,
        "the id that a third party's role asks for",
        netsdk="ExternalId",
        sealed=True,
        shape=r"[\w+=,.@:/-]{2,1224}",
        rule="2 to 1224 letters, digits and _+=,.@:/-",
        one_line=True,
    ),
    "ExternalId",
    "third=party:4",
    lambda external_id, _: f"external id {external_id}",
)
_ROWS = tuple(RoleOptions.rows.values())
OPTIONS = (
    _EXTERNAL_ID.setting.name,
    _MFA.name,
    *(row.setting.name for row in _ROWS),
)
"""The settings that a role over another source may have."""

_EXAMPLE = {_ROLE: "arn:aws:iam::123456789012:role/team/reader"}


class AssumeRoleStep(Kind, RoleOptions, kw_only=True):
    """One AssumeRole call of a `Plan`, as the profile ``profile`` asks for it.

    ``role_session_name`` None: `Plan.with_session_name` gives it one. ``duration_seconds`` None:
    STS's own default of one hour. ``region`` is the profile's own; it is called in the region in
    effect for the whole plan. ``mfa_answer`` is the setting that gives the codes of ``mfa_serial``,
    None for a person. The others are those of `RoleOptions`.

    >>> step = keystead.plan("secure").steps[0]
    >>> step.profile, step.role_arn
    ('secure', 'arn:aws:iam::123456789012:role/secure')
    >>> step.mfa_serial, step.mfa_answer
    ('arn:aws:iam::123456789012:mfa/me', None)
    """

    word = "role"
    meaning = "a role over another source"
    types = (
        ProfileType(
            "AssumeRoleCredentialSource",
            ((_ROLE, _AMBIENT),),
            (_ROLE, _AMBIENT),
            OPTIONS,
            "temporary credentials for a role, from the environment, EC2 or a container",
            {**_EXAMPLE, _AMBIENT: "Ec2InstanceMetadata"},
            account=_ROLE,
        ),
        ProfileType(
            "AssumeRole",
            ((_ROLE,),),
            (_ROLE, _PROFILE),
            OPTIONS,
            "temporary credentials for a role, from the credentials of a source profile",
            {
                **_EXAMPLE,
                _PROFILE: "base",
                _EXTERNAL_ID.setting.name: _EXTERNAL_ID.example,
                _MFA.name: "arn:aws:iam::123456789012:mfa/somebody",
                **{row.setting.name: row.example for row in _ROWS},
            },
            account=_ROLE,
        ),
    )
    settings = (
        Setting(
            _ROLE,
            Group.ROLE,
            "the role to assume",
            netsdk="RoleArn",
            shape=ARN.format(service="iam", what="role"),
            rule="an ARN such as arn:aws:iam::123456789012:role/name",
            one_line=True,
        ),
        Setting(
            _PROFILE,
            Group.ROLE,
            "the profile whose credentials assume the role",
            netsdk="SourceProfile",
            shape=r"[^\[\]]+",
            rule="the name of a profile, without brackets",
            one_line=True,
        ),
        Setting(
            _AMBIENT,
            Group.ROLE,
            "where the credentials that assume the role come from, instead of a profile",
            netsdk="CredentialSource",
            shape="|".join(AMBIENT),
            rule=f"one of {', '.join(AMBIENT)}",
            one_line=True,
        ),
        _EXTERNAL_ID.setting,
        _MFA,
        *(row.setting for row in _ROWS),
    )

    profile: str
    role_arn: str
    external_id: str | None = option(None, *_EXTERNAL_ID)
    mfa_serial: str | None = None
    region: str | None = None
    mfa_answer: str | None = None

    @classmethod
    def offer(cls, given: frozenset[str]) -> Offer | None:
        """As `Kind.offer`; a source without a role is one in part."""
        sources = tuple(key for key in (_PROFILE, _AMBIENT) if key in given)
        if _ROLE not in given:
            lacks = f"`{sources[0]}` without `{_ROLE}`" if sources else ""
            return Offer(cls, None, sources, lacks) if sources else None
        if not sources and WebIdentity.offer(given):
            return None
        lacks = "" if sources else f"`{_ROLE}` without `{_PROFILE}` or `{_AMBIENT}`"
        if len(sources) > 1:
            lacks = f"`{_PROFILE}` and `{_AMBIENT}` exclude each other"
        row = next(row for row in cls.types if row.is_decided_by(given))
        return Offer(cls, row, (_ROLE, *sources), lacks, not lacks)

    @classmethod
    def in_profile(cls, profile: Profile, offer: Offer) -> str:
        """As `Kind.in_profile`."""
        over = f"profile `{profile.text(_PROFILE)}`"
        if not profile.text(_PROFILE):
            over = f"`{profile.text(_AMBIENT)}`"
        if len(offer.settings) == 1:
            return cls.meaning
        return f"the role {profile.text(_ROLE)} over {over}"

    @classmethod
    def from_profile(cls, profile: Profile) -> Self:
        """The call that the settings of a profile ask for. Raises `ProfileInvalid`."""
        return cls(
            profile=profile.name,
            role_arn=profile.text(_ROLE) or "",
            mfa_serial=profile.text(_MFA.name),
            region=profile.region,
            **read_options(cls.rows, profile),
        )


def ambient_source(profile: Profile) -> Source | None:
    """The source that ``credential_source`` names, in any letter case as the .NET SDK has it; None
    where a profile is the source.
    """
    given = profile.text(_AMBIENT)
    if not given:
        return None
    for value, kind in AMBIENT.items():
        if value.lower() == given.lower():
            return kind(profile=profile.name)
    meant = near_names(given, AMBIENT)
    raise ProfileInvalid(
        f"`{_AMBIENT}` of profile `{profile.name}` is `{given}`, which is not a valid value",
        id="invalid-setting-value",
        hint=did_you_mean(meant[:1], otherwise=f"use {', '.join(AMBIENT)}"),
        where=profile.where(_AMBIENT),
    )


IN_PROFILE: tuple[type[Kind], ...] = (
    WebIdentity,
    AssumeRoleStep,
    *(kind for kind in SOURCES if kind.types and kind is not WebIdentity),
)
"""The kinds that the settings of a profile can name, in order of precedence."""

TYPES = tuple(row for kind in IN_PROFILE for row in kind.types)
"""The types of profiles, in order of precedence."""
