"""The name of this process among all that share a store, and which of the others are certainly dead."""

from __future__ import annotations

import os
import socket
import uuid
from hashlib import blake2b
from pathlib import Path


def new_name() -> str:
    """A name of its own: the machine, the process id, and something random."""
    return f"{_machine()}.{os.getpid()}.{uuid.uuid4().hex}"


def is_dead(name: str) -> bool:
    """Whether the process of that name ran here and is gone. False also means that nobody can tell."""
    machine, _, rest = name.partition(".")
    pid = rest.partition(".")[0]
    if not machine or machine != _machine() or not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass  # somebody else's process
    return False


def _machine() -> str:
    """Names what process ids are unique in: a boot of a Linux machine, and the container in it. Empty elsewhere."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        space = os.readlink("/proc/self/ns/pid")
    except (OSError, ValueError):
        return ""
    return blake2b(f"{boot}{space}{socket.gethostname()}".encode(), digest_size=6).hexdigest()
