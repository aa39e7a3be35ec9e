"""A recording of a terminal as an SVG that plays by itself, without scripts and fonts of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN, SIZE = 8.4, 18, 14, 14
"""The size of a cell, the margin, and the size of the font, in pixels."""

FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
WINDOW = "fill='var(--back)' stroke='var(--frame)'"
NEWLINE = "\n"  # an f-string of Python 3.11 has no backslash

LIGHT = {
    "back": "#ffffff",
    "text": "#1f2328",
    "frame": "#d1d9e0",
    "red": "#c62828",
    "green": "#1a7f37",
    "brown": "#8a6100",
    "blue": "#0969da",
    "magenta": "#8250df",
    "cyan": "#087f8c",
    "white": "#59636e",
    "brightblack": "#59636e",
}
DARK = {
    "back": "#0d1117",
    "text": "#e6edf3",
    "frame": "#3d444d",
    "red": "#ff7b72",
    "green": "#56d364",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#56d4dd",
    "white": "#b1bac4",
    "brightblack": "#9198a1",
}


class Run(NamedTuple):
    """A text from a column on; ``style`` has names of colours, ``bold`` and ``reverse``."""

    column: int
    text: str
    style: str


class Frame(NamedTuple):
    """What a screen shows for some seconds, row by row."""

    seconds: float
    rows: Sequence[tuple[Run, ...]]


def svg(frames: Sequence[Frame], columns: int, rows: int, title: str) -> str:
    """The recording. A viewer that does not animate, or should not, shows the last frame."""
    total = sum(frame.seconds for frame in frames)
    width, height = columns * WIDTH + 2 * MARGIN, rows * HEIGHT + 2 * MARGIN
    groups = _groups(frames, rows)
    styles, shown = [], []
    for number, ((begin, end), texts) in enumerate(groups.items()):
        points = {0.0: begin == 0, begin: True, **({end: False} if end < total else {})}
        steps = "".join(
            f"{100 * at / total:.2f}%{{visibility:{'visible' if on else 'hidden'}}}"
            for at, on in sorted(points.items())
        )
        styles.append(f"@keyframes f{number}{{{steps}}}")
        last = " class='last'" if end >= total else ""
        shown.append(f"<g{last} style='animation-name:f{number}'>{''.join(texts)}</g>")
    size = f"viewBox='0 0 {width:.0f} {height}' width='{width:.0f}' height='{height}'"
    title = escape(title)
    colours = "".join(f".{name}{{fill:var(--{name})}}" for name in LIGHT if name not in _OF_WINDOW)
    return f"""<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' aria-label='{title}'>
<title>{title}</title>
<style>
:root{{{_colours(LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}
text{{font:{SIZE}px {FONTS};white-space:pre;fill:var(--text)}}
{colours}.bold{{font-weight:bold}}.reverse{{fill:var(--back)}}
g{{visibility:hidden;animation:{total:.2f}s step-end infinite}}.last{{visibility:visible}}
@media (prefers-reduced-motion:reduce){{g{{animation:none}}}}
{"".join(styles)}
</style>
<rect x='.5' y='.5' width='{width - 1:.0f}' height='{height - 1}' rx='8' {WINDOW}/>
{NEWLINE.join(shown)}
</svg>
"""


_OF_WINDOW = ("back", "text", "frame")


def _groups(frames: Sequence[Frame], rows: int) -> Mapping[tuple[float, float], list[str]]:
    """The texts by the time that they are shown, from one moment to another."""
    found: dict[tuple[float, float], list[str]] = {}
    for row in range(rows):
        at = begin = 0.0
        shown: tuple[Run, ...] = ()
        for seconds, screen in [*frames, Frame(0, [()] * rows)]:
            if screen[row] != shown:
                if shown:
                    found.setdefault((begin, at), []).append(_texts(row, shown))
                shown, begin = screen[row], at
            at = round(at + seconds, 3)
    return dict(sorted(found.items()))


def _texts(row: int, runs: Sequence[Run]) -> str:
    found = []
    top = MARGIN + row * HEIGHT
    for column, text, style in runs:
        left, width = MARGIN + column * WIDTH, len(text) * WIDTH
        if "reverse" in style:
            colour = style.split()[0] if style.split()[0] in LIGHT else "text"
            found.append(
                f"<rect x='{left:.1f}' y='{top}' width='{width:.1f}' height='{HEIGHT}' "
                f"fill='var(--{colour})'/>"
            )
        if text.strip():
            names = f" class='{style}'" if style else ""
            found.append(
                f"<text x='{left:.1f}' y='{top + SIZE}' textLength='{width:.1f}'{names}>"
                f"{escape(text, quote=False)}</text>"
            )
    return "".join(found)


def _colours(palette: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in palette.items())
