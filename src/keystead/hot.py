"""The ``keystead`` command's first step: prints an agent's answer without loading anything else.

``keystead process NAME`` is what SDKs start over and over. Everything else, and whatever is
unusual about that one, goes the full way (`keystead.cli.main`), so this never has to tell of an
error. It imports built-in modules alone; a test holds their list. What a shell asks to complete a
line is answered without the full way too.
"""

import sys

if sys.platform == "win32":
    import nt as system
else:
    import posix as system


def main() -> int:
    """The command; returns its exit code."""
    words = sys.argv
    if len(words) == 3 and words[1] == "process" and words[2][:1] != "-":  # noqa: PLR2004  # one name
        try:
            done = _hand_out(words[2])
        except OSError:
            done = False  # the full way finds out what it is, and whether it matters
        except KeyboardInterrupt:
            system.write(2, b"keystead: error: interrupted\n")
            return 130
        if done and sys.platform != "win32":
            system._exit(0)  # noqa: SLF001  # its end would take longer and has nothing to do
        if done:
            return 0
    if words[1:2] == ["__complete"]:
        from keystead.cli.completing.answer import main as completing

        return completing(words[2:])
    if sys.flags.no_site:  # started by a launcher, which knows nothing of other packages
        system.execv(sys.executable, [sys.executable, "-P", "-m", "keystead", *words[1:]])
    from keystead.cli.main import main as full

    return full()


def _hand_out(name: str) -> bool:
    """Writes what the agent has ready for the profile; False: nothing was written.

    Raises `OSError`, before anything is written.
    """
    from keystead.agent import protocol

    if sys.platform == "win32":
        environ = {
            name.upper().encode("utf-8", "surrogatepass"): value.encode("utf-8", "surrogatepass")
            for name, value in system.environ.items()
        }
    else:
        environ = system.environ
    path, scope, target = (
        protocol.socket_path(environ),
        protocol.scope(environ),
        protocol.target(name),
    )
    if path is None or scope is None or target is None:
        return False
    answer = protocol.ask(path, b"POST", b"/ready/" + target, scope)
    body = protocol.body_of(answer)
    if not body or not protocol.is_good(answer):
        return False
    body = body[system.write(1, body) :]
    while body:
        try:
            body = body[system.write(1, body) :]
        except OSError:
            system.write(2, b"keystead: error: standard output could not be written\n")
            sys.exit(1)  # some of it is out: nothing else may follow
    return True
