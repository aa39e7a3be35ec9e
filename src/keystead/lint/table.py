"""The one table of what `keystead lint` looks for and of who reads it how.

A rule is a row here and a function that yields its findings: in the package `keystead.text.lint`
for what is seen in the text of one file, in this one for what is seen in profiles. `RULES` and
`readings`, where readers differ and no file need change, make the page docs/readers.md.
"""

from __future__ import annotations

from keystead.errors import Origin
from keystead.lint.finding import Finding, Readers, Rule, Severity

_ERROR, _WARNING, _INFO = Severity

_REFUSED = "whole file refused"
_OTHER = "a section like others"

_ROWS = (
    # The file as a whole.
    Rule("unreadable-file", _ERROR, "a file cannot be read"),
    Rule("missing-file", _WARNING, "a file that was asked for is not there"),
    Rule("open-file", _WARNING, "a file with keys is open to other users of the machine"),
    Rule(
        "not-utf8",
        _ERROR,
        "a byte is not UTF-8",
        Readers(
            "whole file refused or empty",
            _REFUSED,
            "byte replaced",
            "byte replaced, UTF-16 with a mark is read",
            "keystead: the section skipped, a comment passed over",
        ),
    ),
    Rule(
        "byte-order-mark",
        _ERROR,
        "the file begins with a byte-order mark",
        Readers("skipped", _REFUSED, "skipped", "skipped", "C and Go: whole file refused"),
    ),
    Rule(
        "case-clash",
        _ERROR,
        "two profiles of the encrypted store differ by letter case alone",
        Readers(dotnet="the first one in the file is taken for both"),
    ),
    # Lines.
    Rule(
        "syntax",
        _ERROR,
        "a line breaks the grammar of the files",
        Readers(_REFUSED, "whole file refused but for some lines", "line skipped", _REFUSED),
    ),
    Rule(
        "colon-separator",
        _ERROR,
        "a setting is written `key : value`",
        Readers(_REFUSED, "accepted", "line skipped", _REFUSED, "Go: accepted"),
    ),
    Rule(
        "lone-carriage-return",
        _WARNING,
        "a carriage return stands within a line",
        Readers(
            "part of the line",
            "ends the line",
            "part of the line",
            "ends the line",
            "keystead: ends the line",
        ),
    ),
    Rule(
        "inline-comment",
        _WARNING,
        "a comment stands behind a value",
        Readers("cut off", "part of the value", "cut off", "part of the value", "Go: cut off"),
    ),
    Rule(
        "nested-comment",
        _WARNING,
        "a comment stands behind a value in a nested block",
        Readers("part of the value", "part of the value", "cut off", "part of the value"),
    ),
    Rule(
        "indented-comment",
        _WARNING,
        "a comment is indented, so it continues the setting above it",
        Readers(
            "part of the value above",
            "a comment",
            "a comment",
            "a comment",
            "keystead: a comment",
        ),
    ),
    Rule(
        "continuation-line",
        _WARNING,
        "a value goes on in an indented line",
        Readers(
            "joined",
            "joined",
            "dropped, or a setting of its own",
            "a setting of its own with a `=`, a header in brackets, else whole file refused",
        ),
    ),
    # Sections.
    Rule(
        "duplicate-section",
        _ERROR,
        "a section stands twice in a file",
        Readers("merged", _REFUSED, "merged", "the first one counts", "Go: the last value counts"),
    ),
    Rule(
        "two-defaults",
        _WARNING,
        "a config file has `[default]` and `[profile default]`",
        Readers(
            "`[profile default]` counts",
            "the last one counts",
            "`[profile default]` counts",
            "`[default]` counts",
            "keystead: `[default]` where it comes last, else `[profile default]`",
        ),
    ),
    Rule(
        "default-section",
        _ERROR,
        "a section is called `[DEFAULT]`, in upper case",
        Readers(_OTHER, "its settings leak into every section", _OTHER, _OTHER),
    ),
    Rule(
        "header-comment",
        _ERROR,
        "a comment stands behind the header of a section",
        Readers(
            "a comment",
            "a comment",
            "fine behind a blank, but touching the bracket it hides the header, and the keys below "
            "overwrite those of the section above",
            _REFUSED,
        ),
    ),
    Rule(
        "header-blanks",
        _WARNING,
        "a header has blanks at its brackets, or several behind its first word",
        Readers(
            "fine",
            "not found, save for blanks at the end in `config`",
            "not found",
            "fine",
            "Go: fine",
        ),
    ),
    Rule(
        "empty-section",
        _WARNING,
        "a section has no settings",
        Readers("exists", "exists", "vanishes", "exists"),
    ),
    Rule(
        "quoted-name",
        _WARNING,
        "the name of a section is in quotes",
        Readers(
            "not found by most",
            "taken off in `config`, part of the name in `credentials`",
            "taken off in `config` where the name has no blanks, else part of the name",
            "part of the name",
            "keystead: as botocore",
        ),
    ),
    Rule(
        "invalid-name",
        _WARNING,
        "the name of a section has characters that names may not have",
        Readers(
            "skipped",
            "read, in `config` not with blanks, quotes or backslashes",
            "read in `credentials`, skipped in `config`",
            "read, but a name with `=` hides the section above it",
            "keystead: where botocore and .NET both read it",
        ),
    ),
    Rule(
        "prefix-in-credentials",
        _WARNING,
        "a section of a credentials file is called `[profile x]` or `[sso-session x]`",
        Readers(
            "skipped",
            "a profile of that whole name",
            "a profile `profile.x`",
            "`[profile x]` is `x`",
            "Go v1: `[profile x]` is `x`",
        ),
    ),
    Rule(
        "bare-section",
        _WARNING,
        "a section of a config file is called `[x]`, without `profile`",
        Readers("skipped", "skipped", "skipped", "skipped", "Go v1: read as `x`"),
    ),
    Rule(
        "section-kind",
        _WARNING,
        "the first word of a header is nearly `profile`, `sso-session` or `services`",
    ),
    # Keys and values.
    Rule(
        "duplicate-key",
        _ERROR,
        "a key stands twice in a section",
        Readers(
            "the last one counts",
            _REFUSED,
            "the last one counts",
            "section hidden",
            "Go: the last one counts",
        ),
    ),
    Rule(
        "key-spelling",
        _ERROR,
        "a key stands twice in a section, in two spellings",
        Readers("one key", _REFUSED, "two keys", "section hidden"),
    ),
    Rule("duplicate-nested-key", _WARNING, "a key stands twice in a nested block"),
    Rule(
        "upper-case-key",
        _WARNING,
        "a key has upper-case letters",
        Readers(
            "accepted",
            "accepted, in a nested block another key",
            "not read",
            "accepted",
            "Go v1: not read",
        ),
    ),
    Rule(
        "invalid-key",
        _WARNING,
        "a key has characters that keys may not have",
        Readers("skipped", "read", "read", "read"),
    ),
    Rule(
        "colon-in-key",
        _WARNING,
        "a key has a colon",
        Readers(
            "part of the key",
            "ends the key, at its beginning whole file refused",
            "part of the key",
            "part of the key",
        ),
    ),
    Rule(
        "empty-value",
        _WARNING,
        "a key has no value",
        Readers(
            "exists",
            "exists",
            "vanishes",
            "exists, and hides the profile where it should be a switch, a choice or a number",
            "keystead: exists and sets nothing",
            "as 4.1, and a `region` hides the list of all profiles",
        ),
    ),
    Rule("quoted-value", _WARNING, "a value is in quotes, which are part of it for every reader"),
    Rule(
        "value-shape",
        _ERROR,
        "a value is not one that the setting can have",
        Readers(
            "an error where it is used",
            "an error where it is used",
            dotnet="profile hidden for a switch, a choice or a number, the list of all for a "
            "region or an address of the metadata service",
        ),
    ),
    Rule(
        "hidden-from-dotnet",
        _WARNING,
        "the .NET SDK cannot convert a value, and does not find the profile",
        Readers(
            "read",
            "read",
            dotnet="profile hidden, for `retry_mode = legacy` too",
            dotnet_3="profile hidden, `retry_mode = legacy` is read",
        ),
    ),
    Rule(
        "list-hidden-from-dotnet",
        _WARNING,
        "the .NET SDK cannot convert a value, and lists no profile of any name",
        Readers("read", "read", dotnet="the list of all profiles is refused"),
    ),
    Rule("unknown-setting", _WARNING, "a key is nearly the name of a setting"),
    # Keys of AWS.
    Rule("plain-keys", _INFO, "long-term keys stand in plain text"),
    Rule("repeated-access-key", _INFO, "two profiles have the same access key"),
    Rule(
        "secret-in-config",
        _WARNING,
        "a secret stands in the config file",
        Readers("read", "read, after a program", "read", "read", "Go v1: not read by default"),
    ),
    Rule(
        "half-key-pair",
        _ERROR,
        "a key pair or the keys of a session token are not complete",
        Readers(
            "an error",
            "an error, without the key id passed over",
            "no credentials",
            "profile invalid",
        ),
    ),
    Rule(
        "split-key-pair",
        _WARNING,
        "one half of a key pair is in each file",
        Readers("a pair", "an error", "a pair", "a pair"),
    ),
    Rule("files-differ", _WARNING, "both files set the same key to different values"),
    Rule(
        "keys-beside-role",
        _WARNING,
        "a profile has keys and a role of another source",
        Readers("the role", "the role", "the role", "profile invalid", "Kotlin: the keys"),
    ),
    Rule(
        "keys-beside-process",
        _WARNING,
        "a profile has keys and a program",
        Readers(
            "differs from SDK to SDK",
            "the keys of `credentials`, else the program, else the keys of `config`",
            "the keys",
            "profile invalid",
        ),
    ),
    Rule(
        "keys-beside-sso",
        _WARNING,
        "a profile has keys and single sign-on",
        Readers("single sign-on", "single sign-on", "the keys", "single sign-on"),
    ),
    # Roles, single sign-on, services.
    Rule("source-profile-missing", _ERROR, "a source profile does not exist"),
    Rule("source-profile-cycle", _ERROR, "source profiles form a cycle"),
    Rule("source-without-credentials", _ERROR, "a source profile gives no credentials"),
    Rule("role-with-two-sources", _ERROR, "a role has a source profile and a credential source"),
    Rule(
        "web-identity-beside-source",
        _WARNING,
        "a role has a web identity and a source profile",
        Readers("web identity", "web identity", "the source profile", "profile invalid"),
    ),
    Rule("role-without-source", _ERROR, "a role has no source of credentials"),
    Rule(
        "credential-source",
        _ERROR,
        "a credential source is none of the three there are",
        Readers(
            "an error",
            "an error",
            "an error",
            "letter case does not matter",
            "keystead: letter case does not matter",
        ),
    ),
    Rule(
        "sso-session-missing",
        _ERROR,
        "an SSO session does not exist",
        Readers("an error", "an error", "an error", "the list of all profiles is refused"),
    ),
    Rule("sso-session-incomplete", _ERROR, "an SSO session lacks its start URL or region"),
    Rule("sso-incomplete", _ERROR, "a profile lacks a part that single sign-on needs"),
    Rule(
        "sso-differs",
        _ERROR,
        "a profile and its SSO session differ",
        Readers("an error", "an error", "an error", "the session's value"),
    ),
    Rule("sso-repeated", _INFO, "a profile repeats what its SSO session says"),
    Rule("services-missing", _ERROR, "a services section does not exist"),
    # Settings beside settings.
    Rule(
        "program-by-name",
        _INFO,
        "`programs` names a program without its folder: any file of that name is let in",
    ),
    Rule(
        "program-interpreter",
        _ERROR,
        "`programs` names an interpreter, which runs any program that it is given",
    ),
    Rule(
        "option-without-role",
        _WARNING,
        "an option or source of a role stands without a role",
        Readers(
            "not used",
            "not used",
            "not used",
            "profile invalid, but for `duration_seconds`",
            "keystead: `mfa_serial` beside keys makes the MFA session that endpoints hand out",
        ),
    ),
    Rule(
        "token-file-without-role",
        _ERROR,
        "a web identity has no role",
        Readers(
            "passed over",
            "an error",
            "passed over",
            "profile invalid",
            "keystead, Kotlin: an error",
        ),
    ),
    Rule(
        "option-not-used",
        _WARNING,
        "a web identity has an option that it does not use",
        Readers("not used", "not used", "not used", "profile invalid"),
    ),
    Rule(
        "option-beside-credential-source",
        _WARNING,
        "a role has a credential source and an external id or an MFA device",
        Readers("the role", "the role", "the role", "profile invalid"),
    ),
    Rule(
        "role-on-own-keys",
        _INFO,
        "a profile names itself as the source of its role",
        Readers(
            "the role, by its own keys",
            "the role, by its own keys",
            "the role, by its own keys",
            "an error",
        ),
    ),
    Rule(
        "role-beside-source",
        _WARNING,
        "a profile has a role of another source and single sign-on or a program",
        Readers(
            "the role",
            "the role",
            "the role",
            "profile invalid",
            "Java: single sign-on, Go: an error beside a program",
        ),
    ),
    Rule(
        "duration-in-chain",
        _WARNING,
        "a role that is assumed with a session asks for more than an hour",
        Readers("refused by STS", "refused by STS", "", "not used", "keystead: asks for an hour"),
    ),
    Rule(
        "helper-ring",
        _ERROR,
        "a `credential_process` asks keystead or the AWS CLI for credentials that need its own "
        "output",
    ),
    Rule(
        "other-account",
        _ERROR,
        "a profile gives another account's credentials than its `aws_account_id` says",
        Readers(others="keystead: refused"),
    ),
    # Old forms.
    Rule("sso-old-form", _INFO, "single sign-on is set up without an SSO session"),
    Rule(
        "old-token-name",
        _WARNING,
        "a session token is called `aws_security_token`",
        Readers("not read", "read", "not read", "not read"),
    ),
    Rule("old-setting", _INFO, "a setting is outdated"),
    # Where keys stand.
    Rule(
        "old-keys",
        _WARNING,
        "long-term keys stand in a file that was not written for more than 90 days, and so are "
        "at least that old",
    ),
    Rule(
        "profile-in-both-stores",
        _WARNING,
        "the encrypted store has a profile of the same name",
        Readers(
            "the one here",
            "the one here",
            "the one here",
            "the encrypted one on Windows, else the one here",
            "keystead: the encrypted one",
        ),
    ),
    Rule("keys-in-environment", _WARNING, "the same keys are in the environment"),
)

RULES: dict[str, Rule] = {row.id: row for row in _ROWS}
"""Every rule by its id."""


def finding(
    rule: str, where: Origin, message: str, *, fix: str, profile: str | None = None
) -> Finding:
    """The finding of the rule with that id."""
    return Finding(RULES[rule], where, message, fix, profile)
