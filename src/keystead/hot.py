"""The entry point of ``keystead``: prints an answer cached by the agent without loading more.

SDKs run ``keystead process NAME`` frequently, shells ``keystead status --prompt`` for each prompt.
Everything else, and any failure, is left to `keystead.cli.main`. It imports built-in modules only,
by a list in a test.
"""

import sys

if sys.platform == "win32":
    import nt as system
else:
    import posix as system


def main() -> int:
    """The command; returns its exit code."""
    words = sys.argv
    try:
        done = _print_cached(words)
        if done and sys.platform != "win32":
            system._exit(0)  # noqa: SLF001  # a regular exit takes longer
        if done:
            return 0
        if sys.flags.no_site:  # started by a launcher, without other packages
            system.execv(sys.executable, [sys.executable, "-P", "-m", "keystead", *words[1:]])
        if sys.platform == "linux":
            from keystead.agent import protocol

            agent = protocol.socket_path(system.environ)
            sockets = (agent, protocol.fork_server_path(agent)) if agent else ()
            if agent and any(system.access(path, system.F_OK) for path in sockets):
                from keystead.warm.client import run as in_fork_server

                in_fork_server(agent)  # returns if it has not run
    except KeyboardInterrupt:
        system.write(2, b"keystead: error: interrupted\n")
        return 130
    from keystead.cli.run import leave, run

    return leave(run())


def _print_cached(words: list[str]) -> bool:
    """Answers `keystead process` with one name, and `status --prompt` with one or none."""
    where, name = b"", words[-1]
    if len(words) == 3 and words[1] == "process":  # noqa: PLR2004  # with a name
        where = b"/ready/"
    elif words[1:3] == ["status", "--prompt"] and len(words) < 5:  # noqa: PLR2004  # more than a name
        where, name = b"/prompt/", "".join(words[3:])
    if not where or name[:1] == "-" or "" in words:
        return False
    try:
        return _hand_out(where, name)
    except OSError:
        return False  # the full command reports it, if it matters


def _hand_out(where: bytes, name: str) -> bool:
    """Writes the agent's answer for the profile, which only for prompts may be empty.

    False: nothing was written. Raises `OSError`, before anything is written.
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
    answer = protocol.ask(path, b"POST", where + target, scope)
    body = protocol.body_of(answer)
    if body is None or not protocol.is_good(answer) or (not body and where == b"/ready/"):
        return False
    body = body[system.write(1, body) :]
    while body:
        try:
            body = body[system.write(1, body) :]
        except OSError:
            system.write(2, b"keystead: error: standard output could not be written\n")
            sys.exit(1)  # part of it was written, so nothing may follow
    return True
