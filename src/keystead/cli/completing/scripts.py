"""``keystead completion``: the completion script of a shell."""

from __future__ import annotations

import os

from keystead.cli.command import Arguments, Context, argument, command

SCRIPTS = {
    "bash": "keystead.bash",
    "zsh": "keystead.zsh",
    "fish": "keystead.fish",
    "powershell": "keystead.ps1",
}


@command(
    "completion",
    "print a shell's completion script",
    argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="the shell"),
    details="For bash, in ~/.bashrc: source <(keystead completion bash). For zsh the same in "
    "~/.zshrc, after compinit. For fish: keystead completion fish > "
    "~/.config/fish/completions/keystead.fish. For PowerShell, in $PROFILE: "
    "keystead completion powershell | Out-String | Invoke-Expression.",
)
def run(context: Context, args: Arguments) -> None:
    """``keystead completion SHELL``."""
    path = os.path.join(os.path.dirname(__file__), SCRIPTS[args.shell])
    with open(path, encoding="utf-8") as file:
        context.console.out(file.read().rstrip())
