"""``python -m fuzz.seeds FOLDER``: the files of tests/cases, each as the target's first inputs."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.casefile import cases

_FILES = {"credentials": 0, "config": 1}


def main(folder: Path) -> None:
    """Writes every file of every case once for each edit."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in (*cases("reading"), *cases("editing")):
        for name in _FILES.keys() & case.parts.keys():
            for edit in range(8):
                head = bytes([_FILES[name] + 2 * edit, 0])
                (folder / f"{case.place.replace(':', '-')}-{name}-{edit}").write_bytes(
                    head + case.parts[name]
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
