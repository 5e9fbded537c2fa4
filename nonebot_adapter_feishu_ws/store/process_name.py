"""Names of the processes that share a store, from which a dead neighbour can be recognised."""

import os
import socket
import uuid
from hashlib import blake2b
from pathlib import Path


def new_name() -> str:
    """Return a unique name: the machine, the process id, and something random."""
    return f"{_machine()}.{os.getpid()}.{uuid.uuid4().hex}"


def is_dead(name: str) -> bool:
    """Whether the process of that name ran on this machine and is gone; False when that cannot be known."""
    machine, _, rest = name.partition(".")
    pid = rest.partition(".")[0]
    if not machine or machine != _machine() or not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass  # a process of another user
    return False


def boot_id() -> str:
    """Identify one boot of a Linux machine; empty elsewhere."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except (OSError, ValueError):
        return ""


def _machine() -> str:
    """Identify the scope of process ids: one boot of a Linux machine, and the container in it. Empty elsewhere."""
    boot = boot_id()
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
    if not boot:
        return ""
    return blake2b(f"{boot}{space}{socket.gethostname()}".encode(), digest_size=6).hexdigest()
