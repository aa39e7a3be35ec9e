"""Which tests Windows leaves out, and why. All others are collected there as anywhere.

Each name is a file in tests/, or one test or scenario in it.
"""

import sys

NEEDS_POSIX = {
    "modes, owners and symbolic links": (
        "unit/test_file_rights.py",
        "unit/test_encrypted_store.py::test_a_file_of_another_user_is_refused",
        "unit/test_encrypted_store.py::test_a_file_that_others_may_touch_is_refused",
        "unit/test_enrolment.py::test_a_key_file_that_others_may_read_is_refused",
        "unit/test_generations.py::test_they_are_their_owners_alone_whatever_the_umask",
        "unit/test_prompt.py::test_the_history_is_for_its_owner_alone",
        "unit/test_protectors.py::test_a_file_that_others_may_read_is_refused",
    ),
    "pipes with a name, devices": ("unit/test_odd_files.py",),
    "the accounts of the system": ("unit/test_folders.py",),
    "a pseudo-terminal": (
        "integration/test_process_provider.py",
        "integration/test_terminal.py",
    ),
    "os.fork": ("unit/test_enrolment.py::test_killed_at_every_call_on_files",),
    "a POSIX shell": (
        "test_demo.py",
        "test_scenarios.py",
        "unit/test_shells.py",
    ),
}

LEFT_OUT = (
    {name for names in NEEDS_POSIX.values() for name in names}
    if sys.platform == "win32"
    else {"windows"}
)
FILES = sorted(name for name in LEFT_OUT if "::" not in name)


def is_left_out(node_id: str) -> bool:
    """Whether a test is left out on this system, be it for some parameters or for all."""
    name = node_id.removeprefix("tests/")
    return name in LEFT_OUT or name.partition("[")[0] in LEFT_OUT
