"""The modes of what is its owner's alone. Windows shows no rights in a mode."""

import os

PRIVATE_FILE, PRIVATE_FOLDER = (0o666, 0o777) if os.name == "nt" else (0o600, 0o700)


def mode(path: str | os.PathLike[str]) -> int:
    """The permission bits of what is at ``path``."""
    return os.stat(path).st_mode & 0o777
