"""``python -m nonebot_adapter_feishu_ws.parked``: events that were given up because their process died repeatedly.

Exit code: 0 on success, 1 when there is no such event, 2 when the store or the configuration cannot be used.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ..config import read_files
from ..exception import ConfigError, StoreError
from ..store.base import DeadLetters


def main(arguments: list[str] | None = None) -> int:
    """Run the command with these arguments, or those of the process; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nonebot_adapter_feishu_ws.parked",
        description="List parked events, show them, run them again, or drop them. The bots may run meanwhile.",
    )
    parser.add_argument("--store", help="a URL as in FEISHU_STORE, instead of what .env says")
    parser.add_argument("--env-file", help="read this file instead of .env and .env.{ENVIRONMENT}")
    parser.add_argument("action", choices=("list", "show", "retry", "drop"))
    parser.add_argument("key", nargs="*", help="names as in the list; for show, retry and drop")
    options = parser.parse_args(arguments)
    if options.action != "list" and not options.key:
        parser.error(f"{options.action} wants the names of events, as list shows them")
    try:
        letters = open_dead_letters(options.store or read_files(options.env_file)[0].feishu_store)
    except (ConfigError, StoreError, ImportError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    try:
        if options.action == "list":
            return _list(letters)
        return max(_act(letters, options.action, key) for key in options.key)
    finally:
        letters.close()


def open_dead_letters(url: str) -> DeadLetters:
    """Open the dead letters of a store.

    Args:
        url: as in ``FEISHU_STORE``.

    Raises:
        StoreError: it has none, or cannot be opened.
        ImportError: the extra of its kind is not installed.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from ..store.sqlite.dead_letters import SqliteDeadLetters

        return SqliteDeadLetters(Path(rest[1:]))
    if scheme in ("redis", "rediss", "unix"):
        from ..store.redis.dead_letters import RedisDeadLetters  # the redis package is an extra

        return RedisDeadLetters(url)
    raise StoreError("FEISHU_STORE is memory://, which keeps no event: there is nothing to look at")


def _list(letters: DeadLetters) -> int:
    entries = letters.list()
    for entry in entries:
        arrived = datetime.fromtimestamp(entry.taken_at, UTC).isoformat(timespec="seconds")
        print(f"{entry.key}  {arrived}  {len(entry.payload)} bytes")  # noqa: T201
    if not entries:
        print("No event is parked.", file=sys.stderr)  # noqa: T201 - not among what another program reads
    return 0


DONE = {
    "retry": "{} runs again: at once if its bot is running, else when it starts",
    "drop": "{} is dropped",
}


def _act(letters: DeadLetters, action: str, key: str) -> int:
    if action == "show":
        found = [entry for entry in letters.list() if entry.key == key]
        for entry in found:
            print(entry.payload.decode("utf-8", "replace"))  # noqa: T201
    else:
        found = letters.retry(key) if action == "retry" else letters.drop(key)
        if found:
            print(DONE[action].format(key))  # noqa: T201
    if not found:
        print(f"No event {key} is parked; `list` shows those that are", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
