"""The table of plain commands: a new command is a row here and a function in `keystead.cli`."""

from __future__ import annotations

import argparse

from keystead.cli import (
    agent,
    audit,
    cache,
    credentials_commands,
    lint,
    plan,
    powershell,
    profiles,
    protectors,
    serve,
    shell,
    stores,
    topics,
    undo,
)
from keystead.cli.command import FORCE, JSON, LOCATION, Command, Context, argument
from keystead.cli.completing import scripts
from keystead.cli.dry_run import DRY_RUN, dry
from keystead.cli.role_options import ROLE_OPTIONS
from keystead.cli.serve import SERVE_OPTIONS, SESSION
from keystead.delivery.shells import NAMES as SHELL_NAMES
from keystead.stores.encrypted.protectors import PROTECTORS
from keystead.stores.registry import STORES

_NAME = argument("name", metavar="NAME", help="a profile")
_FROM_TO = (
    argument("old", metavar="OLD", help="the profile"),
    argument("new", metavar="NEW", help="the new name"),
    LOCATION,
    argument("--force", action="store_true", help="replace a profile of that name"),
    DRY_RUN,
)
_PROTECTORS = tuple(PROTECTORS)
_KIND = argument(
    "kind",
    metavar="KIND",
    choices=_PROTECTORS,
    help=f"what opens it: {', '.join(_PROTECTORS)}",
)
_WEAK_PASSPHRASE = argument(
    "--weak-passphrase",
    action="store_true",
    help="accept a new passphrase that is easy to guess",
)
_KEY_FILE = argument(
    "--key-file", metavar="PATH", help="for `keyfile`: the file, created if it does not exist"
)
_EXPLAIN = (
    "Opens no store and asks no questions. JSON has `profile`, and under `credentials`, `settings` "
    "(those of the profile that the search finds, if any) and `region` each: `winner`, the name of "
    "a source or null; `sources` in order, each with `source`, `what`, `outcome` (`won`, `lost`, "
    "`broken`, `absent`), `why`, and `where`, variables and places; and `tools` that choose "
    "differently, with `tools`, `chooses` and `why`."
)
_DOCTOR = (
    "Checks versions, files and folders, the encrypted store, the keyring, the environment, "
    "whether STS and IAM Identity Center answer within two seconds, and the clock against that of "
    "STS. The exit code is 1 if there is a problem; warnings, such as being offline, do not count. "
    "JSON is a list, each with `check`, `status` (`ok`, `warning`, `problem`), `message` and `fix` "
    "(or null)."
)
_ANY_NAME = argument("name", metavar="NAME", nargs="?", help="a profile; else the default search")


def _explain(context: Context, args: argparse.Namespace) -> int | None:
    from keystead.cli import explain  # slow to import

    return explain.run(context, args)


def _doctor(context: Context, args: argparse.Namespace) -> int | None:
    from keystead.cli import doctor  # slow to import

    return doctor.run(context, args)


COMMANDS: tuple[Command, ...] = (
    Command(
        "list",
        "profiles with their type and store",
        (
            LOCATION,
            argument("--all", action="store_true", help="also those without credentials, and why"),
            JSON,
        ),
        profiles.list_,
    ),
    Command(
        "show",
        "the settings of one profile, secrets masked",
        (_NAME, LOCATION, JSON),
        profiles.show,
    ),
    Command(
        "set",
        "create a profile or change its settings",
        (
            _NAME,
            argument(
                "settings",
                metavar="KEY=VALUE",
                nargs="*",
                help="a setting; KEY alone asks for its value",
            ),
            argument("--unset", metavar="KEY", action="append", help="remove a setting"),
            argument("--store", choices=[row.name for row in STORES], help="where to save it"),
            LOCATION,
            argument(
                "--secrets-from",
                metavar="SOURCE",
                help="read key=value lines with secrets from standard input (-) or fd:N",
            ),
            DRY_RUN,
        ),
        dry(profiles.set_),
        details="A secret is never an argument: it is prompted for, or read by --secrets-from.",
    ),
    Command(
        "remove",
        "remove profiles",
        (argument("names", metavar="NAME", nargs="+", help="profiles"), LOCATION, FORCE, DRY_RUN),
        dry(profiles.remove),
        details="The question names the profiles that have it as their source.",
    ),
    Command(
        "rename",
        "give a profile another name",
        (
            *_FROM_TO,
            argument(
                "--keep-references",
                action="store_true",
                help="do not change the profiles that refer to it",
            ),
        ),
        dry(profiles.rename),
        details="References to it are changed too: `source_profile` of other profiles, and "
        "`credential_process` and `mfa_process` that are `keystead process NAME` or "
        "`aws ... --profile NAME`. References in another store that also has a profile of the "
        "old name are unchanged.",
    ),
    Command(
        "copy",
        "copy a profile within its store",
        _FROM_TO,
        dry(profiles.copy),
    ),
    Command(
        "process",
        "print credentials as a credential_process does",
        (
            _NAME,
            LOCATION,
            *ROLE_OPTIONS,
            argument(
                "--asked-by",
                metavar="PID",
                type=int,
                help="for the agent: the process to record in the audit log and check against the "
                "profile's rules",
            ),
        ),
        credentials_commands.process,
        details="In the config file: credential_process = keystead process NAME",
    ),
    Command(
        "env",
        "print credentials as variables for a shell to evaluate",
        (
            argument("name", metavar="NAME", nargs="?", help="a profile"),
            argument(
                "--unset",
                action="store_true",
                help="without NAME: unset what an earlier `keystead env` set in this shell",
            ),
            argument(
                "--shell",
                choices=SHELL_NAMES,
                help="the syntax; else that of the shell in SHELL",
            ),
            LOCATION,
            *ROLE_OPTIONS,
        ),
        credentials_commands.env,
    ),
    Command(
        "exec",
        "run a command with credentials",
        (
            LOCATION,
            *ROLE_OPTIONS,
            argument(
                "--endpoint",
                action="store_true",
                help="give it an endpoint whose credentials are renewed, and no keys",
            ),
            argument(
                "--hide-files",
                action="store_true",
                help="hide the shared files, so that the command finds no other credentials",
            ),
            SESSION,
            _NAME,
            # PARSER: the first word is not an option, so options may be on both sides of NAME.
            argument(
                "command", metavar="COMMAND", nargs=argparse.PARSER, help="the command, after --"
            ),
        ),
        credentials_commands.exec_,
        details="The command gets the client settings of the profile: "
        "region, addresses, FIPS, dual stack, TLS and retries. A program with the AWS SDK for .NET "
        "3.7, or with FallbackCredentialsFactory of 4.1, prefers a usable profile `default` of the "
        "shared files to the keys it is given; --hide-files prevents that.",
    ),
    Command(
        "serve",
        "local endpoints from which SDKs get credentials",
        (
            *SERVE_OPTIONS,
            LOCATION,
            JSON,
        ),
        serve.run,
        details="Ctrl-C stops it. Clients find it by the variables that it prints.",
    ),
    Command(
        "audit",
        "who got credentials, of which profile, by which channel and until when",
        (
            argument("--verify", action="store_true", help="check that it was not changed"),
            JSON,
        ),
        audit.show,
    ),
    Command(
        "whoami",
        "show whose credentials these are, by asking STS",
        (
            _ANY_NAME,
            LOCATION,
            argument("--region", help="the region of STS"),
            *ROLE_OPTIONS,
            JSON,
        ),
        credentials_commands.whoami,
    ),
    Command(
        "plan",
        "how credentials would be obtained, without obtaining them",
        (
            _ANY_NAME,
            LOCATION,
            *ROLE_OPTIONS,
            argument(
                "--session",
                action="store_true",
                help="as `serve --session` does it",
            ),
            JSON,
        ),
        plan.run,
    ),
    Command(
        "explain",
        "which source wins for credentials and region, which lose and why",
        (_ANY_NAME, LOCATION, JSON),
        _explain,
        details=_EXPLAIN,
    ),
    Command(
        "dump",
        "what the shared files mean, as JSON",
        (
            argument("--config", metavar="FILE", help="read this config file"),
            argument("--credentials", metavar="FILE", help="read this credentials file"),
            argument("--reveal", action="store_true", help="show secrets"),
            argument("--json", action="store_true", help="JSON, the only format"),
        ),
        stores.dump,
    ),
    Command(
        "lint",
        "problems in the shared files, how each SDK reads them, and how to fix them",
        (
            LOCATION,
            argument("--config", metavar="FILE", help="check this config file"),
            argument("--credentials", metavar="FILE", help="check this credentials file"),
            JSON,
        ),
        lint.run,
        details="The exit code is 1 when there are errors or warnings; see docs/readers.md.",
    ),
    Command(
        "doctor",
        "problems of this machine, each with its fix",
        (JSON,),
        _doctor,
        details=_DOCTOR,
    ),
    Command(
        "undo",
        "revert what the last command changed",
        (
            argument("id", metavar="ID", nargs="?", help="the command to undo; else the last one"),
            argument("--list", action="store_true", help="show the commands that can be undone"),
            argument("--location", metavar="PATH", help="the last command that changed that file"),
            argument("--force", action="store_true", help="even if the file has changed since"),
            JSON,
        ),
        undo.run,
        details="All changes of one command are reverted together. An undo can be undone too. The "
        "list shows command lines without secrets, and the changed profiles.",
    ),
    Command(
        "store",
        "the encrypted store",
        children=(
            Command(
                "init",
                "create the encrypted store",
                (
                    argument(
                        "--protector",
                        choices=_PROTECTORS,
                        help="what opens it; else a passphrase, on Windows the user's log-on",
                    ),
                    _KEY_FILE,
                    _WEAK_PASSPHRASE,
                ),
                protectors.init,
            ),
            Command("status", "where it is and what opens it", (JSON,), stores.status),
            Command("lock", "make the agent forget its key and everything else", (), agent.lock),
            Command("unlock", "unlock it and cache its key in the agent", (), agent.unlock),
            Command(
                "protectors",
                "list, add and remove protectors",
                (JSON,),
                protectors.list_,
                (
                    Command("list", "the protectors with their numbers", (JSON,), protectors.list_),
                    Command(
                        "add",
                        "add a protector",
                        (_KIND, _KEY_FILE, _WEAK_PASSPHRASE),
                        protectors.add,
                    ),
                    Command(
                        "remove",
                        "remove a protector",
                        (argument("which", metavar="WHICH", help="its number, or its kind"),),
                        protectors.remove,
                    ),
                ),
            ),
            Command(
                "rekey",
                "re-encrypt every value under a new data key",
                (_WEAK_PASSPHRASE,),
                protectors.rekey,
                details="Prompts for a new passphrase. Deletes the undo copies of the store.",
            ),
            Command(
                "accept",
                "accept the current file as the newest version of your store",
                (
                    argument("--id", metavar="ID", help="do not ask if the store has this id"),
                    FORCE,
                ),
                protectors.accept,
                details="For a restored backup, or a machine that has not used the store before. "
                "Shows what changed and asks. --force accepts any store.",
            ),
        ),
    ),
    agent.AGENT,
    Command(
        "cache",
        "temporary credentials that are cached until they expire",
        children=(
            Command("list", "the cached sessions, without decrypting them", (JSON,), cache.list_),
            Command("clear", "delete all of them", (), cache.clear),
        ),
    ),
    Command(
        "shell",
        "run cmdlet lines, from a prompt, a file, standard input or -c",
        (
            argument("-c", metavar="LINES", dest="lines", help="the lines to run"),
            argument("file", metavar="FILE", nargs="?", help="a file with the lines"),
        ),
        shell.run,
    ),
    scripts.COMMAND,
    powershell.COMMAND,
    Command(
        "help",
        "explain a command, a cmdlet, an error, a rule of `lint` or a topic",
        (
            argument(
                "topic",
                metavar="TOPIC",
                nargs="?",
                help="a name, an error id, a rule of `lint`, `cmdlets`, `environment`, `errors`, "
                "or `types`",
            ),
        ),
        topics.run,
    ),
)
