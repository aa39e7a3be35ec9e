"""Finds every section that any reader takes for the profile `default`."""

import pytest

from keystead.text.default_sections import default_sections

FOUND = [
    b"[default]\nrole_arn = x\n",
    b"[ default ]\nrole_arn=x",
    b"[profile default]\nrole_arn = x\n",
    b'[profile "default"]\nrole_arn = x\n',
    b"[profile\tdefault]\nrole_arn = x\n",
    b"[DEFAULT]\nrole_arn = x\n",
    b"  [default]\n  role_arn = x\n",
    b"[default]\n\trole_arn = x\n",
    b"[default] ; note\nRole_ARN : x\n",
    b"[default]\rrole_arn = x\r",
    b"\xef\xbb\xbf[default]\nrole_arn = x\n",
    "[default]\nrole_arn = x\n".encode("utf-16"),
    b"[default]\nregion = y\n# note\n\nbroken line\nrole_arn = x\n",
    b"[default]\nregion =\n  role_arn = x\n",
    b"\xff[other]\n[default]\nrole_arn = \xff\n",
]

NOT_FOUND = [
    b"",
    b"role_arn = x\n",
    b"[other]\nrole_arn = x\n",
    b"[profile default x]\nrole_arn = x\n",
    b"[default]\n# role_arn = x\n; role_arn = x\n",
    b"[default]\n[other]\nrole_arn = x\n",
    b"[services default]\nrole_arn = x\n",
]


def sets_a_role(data: bytes) -> bool:
    return any("role_arn" in section.lines for section in default_sections(data))


@pytest.mark.parametrize("data", FOUND)
def test_default_section_is_found_in_any_spelling(data: bytes) -> None:
    assert sets_a_role(data)


@pytest.mark.parametrize("data", NOT_FOUND)
def test_other_sections_are_not_taken_for_default(data: bytes) -> None:
    assert not sets_a_role(data)


def test_values_and_nested_blocks_have_their_lines() -> None:
    [section] = default_sections(b"[default]\nregion = a ; note\ns3 =\n  addressing_style = path\n")
    assert section.values == {"region": "a", "s3": {"addressing_style": "path"}}
    assert section.lines == {"region": 2, "s3": 3, "addressing_style": 4}
