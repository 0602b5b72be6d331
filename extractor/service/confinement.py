"""Limits of the process that opens documents: what a hostile file may cost, and whom it may reach.

They are the operating system's: whatever runs in the process is bound by them, and so is what it
starts. Linux only; elsewhere the limits that there are hold.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import sys
from pathlib import Path

from extractor.settings import Settings

log = logging.getLogger(__name__)

MAX_OPEN_FILES = 512
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def confine(settings: Settings) -> None:
    """Bind this process. Call before it has threads.

    Memory beyond the limit ends in an error of that document, or in the end of the process, which
    is that document's failure, too.
    """
    limits = {
        resource.RLIMIT_DATA: settings.max_memory_bytes,
        resource.RLIMIT_FSIZE: settings.max_archive_bytes,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in limits.items():
        _, most = resource.getrlimit(kind)
        bound = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (bound, bound))
    if not leave_network():
        log.warning("this system does not allow worker processes to give up the network")


def leave_network() -> bool:
    """Move this process to a network of its own, with nobody else in it; False if the system does
    not allow it."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) == 0:  # allowed to administrators
        return True
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:  # it has threads, or may not
        return False
    # The same user inside, so that files are its own as before.
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with contextlib.suppress(OSError):  # files are then those of nobody, and readable still
            Path("/proc/self", name).write_text(content, encoding="ascii")
    return True
