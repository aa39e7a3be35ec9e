"""SHA-256 without OpenSSL, which takes longer to load than a short command takes.

All that is hashed here is small: lines of the audit log, names and values of variables.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # before Python 3.12
        except ImportError:  # a build of Python without its own
            from hashlib import sha256

__all__ = ["sha256"]
