"""Which tests are left out, and why: by Windows, and by who is not root. All others are collected.

Each name is a file in tests/, or one test or scenario in it.
"""

import os
import sys
from collections.abc import Mapping

NEEDS_POSIX = {
    "modes, owners and symbolic links": (
        "unit/test_audit.py::test_what_is_no_file_of_ours_is_a_problem_and_stays[link]",
        "unit/test_file_rights.py",
        "unit/test_encrypted_store.py::test_a_file_of_another_user_is_refused",
        "unit/test_encrypted_store.py::test_a_file_that_others_may_touch_is_refused",
        "unit/test_enrolment.py::test_a_key_file_that_others_may_read_is_refused",
        "unit/test_linting_cases.py::test_exactly_this_is_found[lines:160 a file that others may read]",
        "unit/test_linting_cases.py::test_exactly_this_is_found[lines:173 a config file with a secret that others may read]",
        "unit/test_generations.py::test_they_are_their_owners_alone_whatever_the_umask",
        "unit/test_prompt.py::test_the_history_is_for_its_owner_alone",
        "unit/test_protectors.py::test_a_file_that_others_may_read_is_refused",
    ),
    "pipes with a name, devices": (
        "unit/test_audit.py::test_what_is_no_file_of_ours_is_a_problem_and_stays[pipe]",
        "unit/test_odd_files.py",
    ),
    "the accounts of the system": ("unit/test_folders.py",),
    "signals of POSIX and its shells": (
        "integration/test_audit_command.py",
        "integration/test_clients.py",
        "integration/test_endpoint.py",
        "integration/test_endpoint_attacks.py",
    ),
    # In its place is windows/test_powershell_answers.py.
    "the command as a program, which is not installed there": (
        "integration/test_powershell_answers.py",
    ),
    "a grammar of PowerShell, which is not among what Windows gets": (
        "unit/test_powershell_module.py",
    ),
    "os.fork, and a package that is not among what Windows gets": (
        "integration/test_sessions_of_sdks.py",
    ),
    "the agent": (
        "integration/test_agent.py",
        "integration/test_agent_replaced.py",
        "integration/test_agent_requests.py",
        "integration/test_hot.py",
        "integration/test_permission.py",
        "integration/test_protection.py",
    ),
    "a pseudo-terminal": (
        "integration/test_cmdlets_at_a_terminal.py",
        "integration/test_completion.py",
        "integration/test_exec_endpoint.py",
        "integration/test_process_provider.py",
        "integration/test_single_flight.py",
        "integration/test_terminal.py",
    ),
    "programs of POSIX": (
        "integration/test_planned_cases.py",
        "properties/test_choice_differential.py",
    ),
    "os.fork": (
        "unit/test_audit.py::test_a_log_that_is_read_only_is_a_problem_and_stays",
        "unit/test_audit.py::test_killed_at_every_call_the_log_goes_on_without_a_fault",
        "unit/test_enrolment.py::test_killed_at_every_call_on_files",
    ),
    "botocore in UTF-8, which on Windows reads in the code page": (
        "unit/test_linting_cases.py::test_botocore_reads_it_as_the_rule_says[headers:160 names that are not valid]",
        "unit/test_linting_cases.py::test_botocore_reads_it_as_the_rule_says[lines:139 bytes that are not UTF-8, with the rest of the file]",
        "unit/test_linting_cases.py::test_botocore_reads_it_as_the_rule_says[settings:72 keys that are not valid]",
    ),
    "removing a file that is open": (
        "unit/test_files.py::test_an_interrupt_at_every_call_leaves_a_whole_file[0-open-after]",
    ),
    "as fast a writer as Wine is not": (
        "unit/test_reading_beside_writers.py::test_a_file_that_is_rewritten_in_place_is_read_without_an_error",
    ),
    "a folder that is flushed after each write": (
        "unit/test_encrypted_store.py::test_killed_at_every_call_it_leaves_the_old_or_the_new_file",
    ),
    "a path through a file as an error of its own": (
        "unit/test_files.py::test_a_path_through_a_file_is_a_problem",
    ),
    "a POSIX shell": (
        "test_demo.py",
        "test_scenarios.py",
        "unit/test_linting_cases.py::test_botocore_gives_the_credentials_that_the_rule_says[keys:100 keys beside a program]",
        "unit/test_shells.py",
    ),
}

NEEDS_ROOT = {
    "a second user": ("integration/test_endpoint_attacks.py::test_another_user_gets_nothing",),
}


def _named(reasons: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {name for names in reasons.values() for name in names}


if sys.platform == "win32":
    LEFT_OUT = _named(NEEDS_POSIX)
else:
    LEFT_OUT = {"windows"} | (_named(NEEDS_ROOT) if os.geteuid() else set())
FILES = sorted(name for name in LEFT_OUT if "::" not in name)


def is_left_out(node_id: str) -> bool:
    """Whether a test is left out on this system, be it for some parameters or for all."""
    name = node_id.removeprefix("tests/")
    return name in LEFT_OUT or name.partition("[")[0] in LEFT_OUT
