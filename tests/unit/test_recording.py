"""The recording of a terminal in the README: an SVG that plays anywhere, and shows what it should."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from devtools.docs import DOCS
from devtools.svg_recording import Frame, Run, svg

RECORDING = DOCS / "signing-in.svg"
SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 60_000


def text_of(element: ET.Element) -> str:
    return " ".join(" ".join(part.itertext()) for part in element.iter(f"{SVG}text"))


def test_recording_shows_signing_in_picking_and_a_shell() -> None:
    shown = text_of(ET.parse(RECORDING).getroot())
    for words in ("keystead login", 'keystead exec "$(keystead pick)"', "keystead status"):
        assert words in shown
    assert re.search(r"corp/\d{12}/Admin 1h00m \$", shown)


def test_recording_loads_nothing_and_runs_no_script() -> None:
    text = RECORDING.read_text()
    assert len(text) < MOST_BYTES
    assert re.findall(r"<script|@import|href|url\(|@font-face|\son[a-z]+=", text) == []
    assert re.findall(r"https?://[^\s'<`]*", unescape(text)) == [
        "http://www.w3.org/2000/svg",
        *["https://keystead.awsapps.com/start"] * text.count("awsapps"),
    ]
    assert "prefers-color-scheme:dark" in text


@pytest.mark.parametrize("text", ["<b>&'\"", "a  b", "日本"])
def test_each_text_is_shown_while_its_frames_are(text: str) -> None:
    frames = [
        Frame(1.0, [(Run(0, text, ""),), ()]),
        Frame(1.0, [(Run(0, text, ""),), (Run(2, "x", "green bold"),)]),
        Frame(2.0, [(Run(0, "last", ""),), (Run(2, "x", "green bold"),)]),
    ]
    made = svg(frames, 10, 2, "a & b")
    root = ET.fromstring(made)
    groups = {text_of(group): group for group in root.iter(f"{SVG}g")}
    assert groups.keys() == {text, "x", "last"}

    def steps(name: str) -> str:
        frame = groups[name].get("style", "").rpartition(":")[2]
        found = re.search(rf"@keyframes {frame}\{{(.*?\}})\}}", made)
        assert found
        return found[1].replace("visibility:", "")

    assert steps(text) == "0.00%{visible}50.00%{hidden}"
    assert steps("x") == "0.00%{hidden}25.00%{visible}"
    # A viewer that does not animate shows the last frame.
    assert [name for name in groups if groups[name].get("class") == "last"] == ["x", "last"]
