"""``python -m nonebot_adapter_feishu_ws.parked``: the events that were given up because they killed their process.

Exit code: 0 when it was done, 1 when there is no such event, 2 when the store or the configuration cannot be used.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from ..config.files import read_files
from ..exception import ConfigError, StoreError
from .store import ParkedEvents, open_parked


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: the command line; that of the process when None.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        prog="python -m nonebot_adapter_feishu_ws.parked",
        description="Look at parked events, run them again, or drop them. The bots may run meanwhile.",
    )
    parser.add_argument("--store", help="a URL as in FEISHU_STORE, instead of what .env says")
    parser.add_argument("--env-file", help="read this file instead of .env and .env.{ENVIRONMENT}")
    parser.add_argument("action", choices=("list", "show", "retry", "drop"))
    parser.add_argument("key", nargs="*", help="names as in the list; for show, retry and drop")
    options = parser.parse_args(arguments)
    if options.action != "list" and not options.key:
        parser.error(f"{options.action} wants the names of events, as list shows them")
    try:
        events = open_parked(options.store or read_files(options.env_file)[0].feishu_store)
    except (ConfigError, StoreError, ImportError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command prints
        return 2
    try:
        if options.action == "list":
            return _list(events)
        return max(_act(events, options.action, key) for key in options.key)
    finally:
        events.close()


def _list(events: ParkedEvents) -> int:
    for event in events.list():
        came = datetime.fromtimestamp(event.taken_at, UTC).isoformat(timespec="seconds")
        print(f"{event.key}  {came}  {len(event.payload)} bytes")  # noqa: T201
    return 0


def _act(events: ParkedEvents, action: str, key: str) -> int:
    if action == "show":
        found = [event for event in events.list() if event.key == key]
        for event in found:
            print(event.payload.decode("utf-8", "replace"))  # noqa: T201
    else:
        found = events.retry(key) if action == "retry" else events.drop(key)
    if not found:
        print(f"No event {key} is parked", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
