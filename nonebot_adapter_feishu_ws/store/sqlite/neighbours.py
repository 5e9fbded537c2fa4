"""Which processes use a SQLite file now. Runs in the store's thread.

Each keeps a locked file beside it, named like the holder of its entries. The system frees the lock when the process
dies, however that happens; a process that is stopped or slow keeps it, which a heartbeat could not tell from death.
"""

import glob
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ...logs import log
from ...net.bounded_json import as_list, as_text
from ..process_name import is_dead

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond the content, which stays readable
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Others(NamedTuple):
    """The other processes that have used the file.

    Attributes:
        living: the holders that run, each with its bots.
        has_died: whether one was found, or is missing, that does not run any more.
    """

    living: dict[str, list[str]]
    has_died: bool


class Neighbours:
    """The processes of a file, as one of them sees them."""

    def __init__(self, database: Path, holder: str) -> None:
        """Create the view of one process, by a name from :func:`~..process_name.new_name`."""
        self._prefix = f"{database}-"
        self._holder = holder
        self._own: int | None = None
        self._bot_ids: Sequence[str] = ()
        self._known: set[str] = set()

    def enter(self, bot_ids: Sequence[str]) -> None:
        """Be seen by the others until this process ends. Where files cannot be locked, it is not seen.

        Raises:
            OSError: the file cannot be created.
        """
        self._bot_ids = bot_ids
        while self._own is None:
            path = self._path(self._holder)
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
            os.write(descriptor, json.dumps(list(bot_ids)).encode())
            try:
                _lock(descriptor)
            except OSError:
                os.close(descriptor)
                _remove(path)
                return
            if path.exists():
                self._own = descriptor
            else:
                os.close(descriptor)  # removed as a dead one's before it was locked

    def leave(self) -> None:
        """Be gone."""
        if self._own is not None:
            os.close(self._own)
            self._own = None
            _remove(self._path(self._holder))

    def look(self) -> Others:
        """See who else is there; reports each new one that runs a bot of this process."""
        living: dict[str, list[str]] = {}
        has_died = False
        for file in glob.glob(f"{glob.escape(self._prefix)}*.lock"):
            path = Path(file)
            holder = file.removeprefix(self._prefix).removesuffix(".lock")
            if holder == self._holder:
                continue
            bots, is_living = _examine(path, holder)
            if is_living:
                living[holder] = bots
            elif not bots or set(bots) & set(self._bot_ids):  # the others' own processes look after them
                has_died = True
                _remove(path)
        for holder in living.keys() - self._known:
            self._report(holder, sorted(set(living[holder]) & set(self._bot_ids)))
        has_died = has_died or bool(self._known - living.keys())
        self._known = set(living)
        return Others(living, has_died)

    def _path(self, holder: str) -> Path:
        return Path(f"{self._prefix}{holder}.lock")

    def _report(self, holder: str, shared: Sequence[str]) -> None:
        if shared:
            log(
                "WARNING",
                "The store {} is in use: another process (id {}) runs {} as well. Each of the two handles the "
                "events that it has begun, and Feishu gives every event to only one of them. If one was started by "
                "mistake, end it; processes that are meant to share a bot need Redis (FEISHU_STORE=redis://...)",
                self._prefix.removesuffix("-"),
                holder.split(".")[-2:][0],
                ", ".join(shared),
            )


def _examine(path: Path, holder: str) -> tuple[list[str], bool]:
    """The bots of a process, and whether it lives."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return [], False
    except OSError:
        return [], not is_dead(holder)
    try:
        content: object = None
        with suppress(ValueError):
            content = json.loads(os.read(descriptor, 1 << 20))
        return [as_text(bot_id) for bot_id in as_list(content)], not is_dead(holder) and _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        pass  # this file system has no locks, so nobody was able to take one
    return False


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
