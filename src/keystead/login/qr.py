"""QR codes for a terminal."""

from __future__ import annotations

import segno

_HALVES = "█▀▄ "
"""By whether the upper and the lower module are dark: terminals are mostly dark themselves."""


def picture(text: str) -> str:
    """``text`` as a QR code of characters that are half a square each."""
    rows = [tuple(map(bool, row)) for row in segno.make(text, micro=False).matrix_iter(border=2)]
    rows += [(False,) * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(_HALVES[2 * above + below] for above, below in zip(*pair, strict=True))
        for pair in pairs
    )
