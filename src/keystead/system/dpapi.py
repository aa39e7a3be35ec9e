"""Windows' data protection (DPAPI) with the parameters of the .NET SDK, so both read both.

For the user who is logged on, with the description ``psw``, without entropy or a dialog.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

from keystead.errors import StoreUnavailable

assert sys.platform == "win32"  # noqa: S101  # tells the type checker what is there

_DESCRIPTION = "psw"
_UI_FORBIDDEN = 0x1


class _Blob(ctypes.Structure):
    """DATA_BLOB."""

    _fields_ = (("size", wintypes.DWORD), ("data", ctypes.POINTER(ctypes.c_char)))


def protect(data: bytes) -> bytes:
    """Encrypts ``data`` for the Windows user. Raises `StoreUnavailable`."""
    return _call("CryptProtectData", data, _DESCRIPTION)


def unprotect(blob: bytes) -> bytes:
    """Decrypts what `protect` returned. Raises `StoreUnavailable` for another user, or damage."""
    return _call("CryptUnprotectData", blob, None)


def _call(name: str, data: bytes, description: str | None) -> bytes:
    function = getattr(ctypes.WinDLL("crypt32", use_last_error=True), name)
    function.restype = wintypes.BOOL
    given = _Blob(len(data), ctypes.cast(ctypes.c_char_p(data), ctypes.POINTER(ctypes.c_char)))
    entropy = _Blob(0, None)
    found = _Blob()
    done = function(
        ctypes.byref(given),
        description,
        ctypes.byref(entropy),
        None,
        None,
        wintypes.DWORD(_UI_FORBIDDEN),
        ctypes.byref(found),
    )
    if not done:
        raise StoreUnavailable(
            f"Windows' data protection refused (error {ctypes.get_last_error()})",
            id="dpapi-refused",
            hint="it opens for the Windows user who sealed it, on that machine",
        )
    try:
        return ctypes.string_at(found.data, found.size)
    finally:
        free = ctypes.WinDLL("kernel32").LocalFree
        free.argtypes = (ctypes.c_void_p,)
        free(ctypes.cast(found.data, ctypes.c_void_p))
