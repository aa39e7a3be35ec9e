"""``python -m fuzz.seeds FOLDER``: writes the initial inputs of each target."""

from __future__ import annotations

import sys
from pathlib import Path

from fuzz.entries import ENTRIES, SEEDS
from tests.casefile import cases

_FILES = {"credentials": 0, "config": 1}


def main(folder: Path) -> None:
    """Write the files of tests/cases, once for each edit, and the seeds of the entries."""
    for name in ENTRIES:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS):
            (folder / name / str(number)).write_bytes(seed)
    folder /= "shared_file"
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
