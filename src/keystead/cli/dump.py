"""``keystead dump``: what the shared files mean, as JSON."""

from __future__ import annotations

from keystead.cli.command import Arguments, Context, argument, command
from keystead.console.console import message
from keystead.model.settings import is_secret
from keystead.secret import MASK
from keystead.stores.shared import SharedStore
from keystead.text.dialect import Settings


@command(
    "dump",
    "what the shared files mean, as JSON",
    argument("--config", metavar="FILE", help="read this config file"),
    argument("--credentials", metavar="FILE", help="read this credentials file"),
    argument("--reveal", action="store_true", help="show secrets"),
    argument("--json", action="store_true", help="JSON, the only format"),
)
def dump(context: Context, args: Arguments) -> None:
    """``keystead dump``."""
    folders = context.app.system.folders
    config = folders.expand(args.config) if args.config else folders.config_file
    credentials = folders.expand(args.credentials) if args.credentials else folders.credentials_file
    reading = SharedStore(context.app.system, credentials, config).snapshot().reading()
    warnings: list[dict[str, object]] = [
        {"file": message(str(path)), "line": None, "message": "there is no such file"}
        for given, path in ((args.config, config), (args.credentials, credentials))
        if given and not path.exists()
    ]
    warnings += [
        {"file": warning.where.file, "line": warning.where.line, "message": warning.message}
        for warning in reading.warnings
    ]
    kinds = {
        "profiles": reading.profiles,
        "sso_sessions": reading.sso_sessions,
        "services": reading.services,
    }
    found = {
        kind: {name: _plain(settings, reveal=args.reveal) for name, settings in sections.items()}
        for kind, sections in kinds.items()
    }
    context.console.json({**found, "warnings": warnings})


def _plain(settings: Settings, *, reveal: bool) -> dict[str, object]:
    def shown(key: str, value: str) -> str:
        return MASK if value and not reveal and is_secret(key) else value

    return {
        key: shown(key, entry.value)
        if isinstance(entry.value, str)
        else {inner: shown(inner, text) for inner, text in entry.value.items()}
        for key, entry in settings.items()
    }
