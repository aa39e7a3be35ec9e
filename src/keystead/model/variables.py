"""The environment variables that keystead reads or sets, for docs/environment.md, `keystead help
environment` and the check of `keystead doctor` for misspelt ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keystead.model.client_settings import SETTINGS
from keystead.near import near_names

PROFILE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""The variables that name a profile, the one that takes precedence first."""

MARKER = "KEYSTEAD_EXPORTED"
"""See `model.exported`."""

EXPIRATION = "AWS_CREDENTIAL_EXPIRATION"

OPENED = "KEYSTEAD_PROFILE"
"""The profile of ``keystead exec``, for prompts."""

VARIABLES: Mapping[str, str] = {
    "KEYSTEAD_HOME": "one folder for all files of keystead; else the platform's folders",
    "KEYSTEAD_PASSPHRASE_FILE": "a file of mode 0600 with the passphrase of the encrypted store",
    "KEYSTEAD_NEW_PASSPHRASE_FILE": "a file with the new passphrase, for `store rekey` and "
    "`store protectors add`",
    "KEYSTEAD_KEY_FILE": "the key file of the encrypted store, when it was moved",
    "KEYSTEAD_STORE_ID": "the id of the encrypted store that may be opened, for systems that "
    "cannot [remember it](encrypted-store.md#which-store-is-yours), such as containers; "
    "`keystead store status` shows it",
    "CREDENTIALS_DIRECTORY": "the folder of a service manager's credentials; a key file is "
    "searched there too",
    "KEYSTEAD_MFA_CODE": "an MFA code for this one command; it is sent once, and never given to "
    "programs that keystead starts",
    "KEYSTEAD_RUNNING_PROCESS": "set by keystead for a `credential_process`, so that it does not "
    "start itself again",
    "KEYSTEAD_AGENT": "`auto` (default): the [agent](agent.md) is used, and started when it "
    "helps; `off`; or the path of its socket",
    "KEYSTEAD_AGENT_IDLE": "after how many idle seconds an agent that this command starts exits; "
    "default 28800, eight hours",
    "KEYSTEAD_SSO_FLOW": "how to [sign in](signing-in.md) to IAM Identity Center: `browser` or "
    "`device`; it overrides the setting `sso_flow`",
    "KEYSTEAD_NO_INPUT": "`1`: ask nothing, as with `--no-input`",
    "KEYSTEAD_PICKER": "`built-in` (default) or `fzf`: the list from which `keystead pick` and "
    "commands without a NAME let you choose",
    MARKER: "set by `keystead env` and `exec`: which variables they set; "
    "`keystead env --unset` removes those",
    OPENED: "set by `keystead exec`, not read: the profile, for "
    "[prompts](signing-in.md#a-shell-with-credentials)",
    "KEYSTEAD_DEBUG": "`1`: print a log of AWS calls, error ids and tracebacks on standard error; "
    "it has no secrets",
    "AWS_SHARED_CREDENTIALS_FILE": "the credentials file; only a leading `~` is expanded, and a "
    "file that does not exist is a warning",
    "AWS_CONFIG_FILE": "the config file, expanded in the same way",
    "AWS_PROFILE": "the profile to use when none is named",
    "AWS_DEFAULT_PROFILE": "the same, when AWS_PROFILE is not set",
    "AWS_ACCESS_KEY_ID": "with AWS_SECRET_ACCESS_KEY: keys to use when no profile is named",
    "AWS_SECRET_ACCESS_KEY": "see AWS_ACCESS_KEY_ID",
    "AWS_SESSION_TOKEN": "the session token of temporary keys",
    "AWS_SECURITY_TOKEN": "the old name of AWS_SESSION_TOKEN; removed for programs, not read",
    EXPIRATION: "set for programs: when the credentials expire",
    "AWS_ACCOUNT_ID": "set for programs: the account of the credentials",
    "AWS_ROLE_ARN": "with AWS_WEB_IDENTITY_TOKEN_FILE: the role of a web identity",
    "AWS_ROLE_SESSION_NAME": "the session name of that role",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "the file with the token of a web identity",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "the path of a container's credentials endpoint",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "the address of a container's credentials endpoint",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the token that the endpoint requires",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "a file with that token",
    "AWS_EC2_METADATA_DISABLED": "`true`: the EC2 metadata service is not used",
    "AWS_EC2_METADATA_V1_DISABLED": "`false`: version 1 of the metadata service is accepted",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "the address of the metadata service",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "`IPv4` or `IPv6`",
    "AWS_METADATA_SERVICE_TIMEOUT": "seconds to wait for the metadata service; default 1",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "how often the metadata service is tried; default 1",
    "AWS_REGION": "the region; it takes precedence over the profile's",
    "AWS_DEFAULT_REGION": "the same, when AWS_REGION is not set",
    "AWS_ENDPOINT_URL": "the address of all services; `AWS_ENDPOINT_URL_<SERVICE>` of one",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "`true`: addresses in settings and variables are not "
    "used",
    "AWS_LOGIN_CACHE_DIRECTORY": "the folder of the logins of `aws login`; default "
    "`~/.aws/login/cache`",
    **{
        row.variable: f"overrides the setting `{row.name}`"
        for row in SETTINGS
        if row.variable is not None
    },
    "AWS_CA_BUNDLE": "the certificates to trust, overrides the setting `ca_bundle`",
    "BROWSER": "the command that opens a browser to sign in, with `%s` for the address",
    "NO_COLOR": "no colour in the shell",
}
"""Each variable with its meaning."""

_ALIKE = 0.88
"""The minimum likeness of an unknown AWS variable to a known one for a misspelling."""
_SERVICE = "AWS_ENDPOINT_URL_"


def profile_in_effect(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable that names the profile to use, and the profile; None when none does."""
    return next(((name, environ[name]) for name in PROFILE if environ.get(name)), None)


def misspelt(environ: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The variables that nothing reads, each with those that may be meant.

    Of AWS's own, which other tools may read, only those that are almost one of the table.
    """
    for name in sorted(environ):
        own = name.startswith("KEYSTEAD_")
        if name in VARIABLES or name.startswith(_SERVICE) or not (own or name.startswith("AWS_")):
            continue
        meant = near_names(name, VARIABLES, likeness=0.8 if own else _ALIKE)
        if own or meant:
            yield name, meant[:1]
