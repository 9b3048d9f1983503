"""A full disk, as the system and the libraries that write for us say it."""

from __future__ import annotations

import errno
import os

#: No space, a quota used up, or a file larger than this process may write.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full_disk(error: BaseException) -> bool:
    """Return whether an error, or one that it came from, is that nothing more can be written.

    An engine has an error class of its own and repeats the system's words in it.

    Examples
    --------
    >>> is_full_disk(OSError(errno.ENOSPC, "No space left on device")), is_full_disk(ValueError("full"))
    (True, False)
    """
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "errno", None) in _FULL or any(os.strerror(number) in str(cause) for number in _FULL):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
