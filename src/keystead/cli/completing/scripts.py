"""``keystead completion``: the completion script of a shell."""

from __future__ import annotations

import argparse
from pathlib import Path

from keystead.cli.command import Command, Context, argument

SCRIPTS = {
    "bash": "keystead.bash",
    "zsh": "keystead.zsh",
    "fish": "keystead.fish",
    "powershell": "keystead.ps1",
}


def run(context: Context, args: argparse.Namespace) -> None:
    """``keystead completion SHELL``."""
    script = Path(__file__).with_name(SCRIPTS[args.shell]).read_text(encoding="utf-8")
    context.console.out(script.rstrip())


COMMAND = Command(
    "completion",
    "print a shell's completion script",
    (argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="the shell"),),
    run,
    details="For bash, in ~/.bashrc: source <(keystead completion bash). For zsh the same in "
    "~/.zshrc, after compinit. For fish: keystead completion fish > "
    "~/.config/fish/completions/keystead.fish. For PowerShell, in $PROFILE: "
    "keystead completion powershell | Out-String | Invoke-Expression.",
)
