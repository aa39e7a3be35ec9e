"""The environment of a program with the credentials of a profile."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from keystead.app import App
from keystead.app.selection import Selection
from keystead.delivery import wire
from keystead.delivery.exec import Prepared
from keystead.delivery.program_files import (
    make_config_file,
    remove_config_file,
    remove_left_behind,
)
from keystead.errors import ProfileInvalid
from keystead.model.client_settings import OF_CLIENTS
from keystead.model.program_settings import config_text
from keystead.model.variables import OPENED

_CONFIG = "AWS_CONFIG_FILE"
_CREDENTIALS = "AWS_SHARED_CREDENTIALS_FILE"

NO_SHARED_FILES = {_CREDENTIALS: os.devnull, _CONFIG: os.devnull}
"""Variables with which a program finds no profile."""


def prepare(
    app: App, selected: Selection, given: Mapping[str, str], *, hide_files: bool
) -> Prepared:
    """An environment with the ``given`` variables and the settings of the selected profile.

    Settings without a variable are written to a config file for this program. With ``hide_files``
    it does not see the user's shared files.
    """
    folder = app.system.folders.programs
    remove_left_behind(folder)
    files = dict(NO_SHARED_FILES) if hide_files else {}
    settings = selected.without_files() if hide_files else selected.for_program()
    at_end = None
    if settings.differing:
        readings = selected.default_readings
        others = "" if hide_files else readings.other_sections()
        path = make_config_file(folder, config_text(selected.client_settings, others))
        at_end = partial(remove_config_file, path)
        files[_CONFIG] = str(path)
        if not hide_files and readings.credentials_file_sets(OF_CLIENTS):
            files[_CREDENTIALS] = os.devnull
    variables = {**given, **settings.variables, **files, OPENED: selected.plan.profile}
    return Prepared(wire.child_environment(app.environ, variables), at_end)


def variables_alone(selected: Selection) -> Mapping[str, str]:
    """The settings of the selected profile as variables.

    Raises `ProfileInvalid` for settings without a variable, with their lines.
    """
    settings = selected.for_program()
    if not settings.differing:
        return settings.variables
    import shlex

    name = selected.name or "default"
    places = {setting: selected.place(setting) for setting in settings.differing}
    lines = ", ".join(
        f"`{setting}` ({where})" if where else f"`{setting}`" for setting, where in places.items()
    )
    missing = [key for key in places if selected.profile and not selected.profile.has(key)]
    fix = " and ".join(f"`{key}`" for key in missing)
    raise ProfileInvalid(
        f"there are no variables for all settings of profile `{name}`: {lines}",
        id="settings-need-config-file",
        hint=f"use `keystead exec {shlex.quote(name or 'NAME')} -- COMMAND`, which writes a config "
        "file for the command" + (f", or set {fix} in profile `{name}`" if fix else ""),
        where=next(filter(None, places.values()), None),
    )
