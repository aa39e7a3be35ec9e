"""A plot of lines over two logarithmic axes, as an SVG file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 210, 46, 56
_COLOURS = (
    *("#0b6e4f", "#c1440e", "#3f5fbf", "#a8327e"),
    *("#8a6d00", "#3a7d8c", "#7a4b2a", "#555555"),
)


def plot(title: str, x_label: str, y_label: str, lines: Mapping[str, Points]) -> str:
    """The SVG text. Every coordinate is above zero; axes run over whole powers of ten."""
    xs = _range(x for points in lines.values() for x, _ in points)
    ys = _range(y for points in lines.values() for _, y in points)
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - xs[0]) / (xs[1] - xs[0])
        up = (math.log10(y) - ys[0]) / (ys[1] - ys[0])
        return _LEFT + across * (right - _LEFT), bottom - up * (bottom - _TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"',
        'font-family="sans-serif" font-size="13" fill="#222">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 26, title, "start", 'font-size="16" font-weight="bold"'),
        _text((_LEFT + right) / 2, _HEIGHT - 14, x_label, "middle"),
        f'<g transform="translate(20 {(_TOP + bottom) / 2}) rotate(-90)">',
        _text(0, 0, y_label, "middle"),
        "</g>",
    ]
    for power in range(xs[0], xs[1] + 1):
        at, _ = place(10**power, 10 ** ys[0])
        parts += [_line(at, _TOP, at, bottom), _text(at, bottom + 20, f"{10**power:,}", "middle")]
    for power in range(ys[0], ys[1] + 1):
        _, at = place(10 ** xs[0], 10**power)
        parts += [_line(_LEFT, at, right, at), _text(_LEFT - 8, at + 4, f"{10**power:,g}", "end")]
    for number, (label, points) in enumerate(lines.items()):
        parts += _drawn(number, label, [place(x, y) for x, y in points], right)
    return "\n".join([*parts, "</svg>", ""])


def _drawn(number: int, label: str, points: Points, right: float) -> list[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    row = _TOP + 12 + 24 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points),
        f'<rect x="{right + 20}" y="{row - 8}" width="16" height="5" fill="{colour}"/>',
        _text(right + 44, row, label, "start"),
    ]


def _range(values: Iterable[float]) -> tuple[int, int]:
    logs = [math.log10(value) for value in values]
    low = math.floor(min(logs))
    return low, max(math.ceil(max(logs)), low + 1)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
