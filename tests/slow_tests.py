"""The slow tests, with the reason for each. ``pytest`` leaves them out; ``pytest -m ""`` and ``.ci/run`` run them.

A key is the beginning of test ids: a folder, a file, or one test of a file.
"""

from __future__ import annotations

import pytest

SLOW = {
    "tests/peers/": "starts the official SDKs (Python and Node) and the existing adapter as processes",
    "tests/sandbox/test_page.py": "drives Chromium",
    "tests/sandbox/test_card_page.py": "drives Chromium",
    "tests/management/test_status_page.py": "drives Chromium",
    "tests/stream/test_page.py": "drives Chromium",
    "tests/flow/test_crash.py": "kills bot processes",
    "tests/flow/test_replicas.py": "runs fleets of bot processes on one Redis, and kills some",
    "tests/flow/test_drivers.py": "starts a bot process per NoneBot driver",
}


def reason(test_id: str) -> str | None:
    """Why a test is slow, or None if it is not."""
    return next((why for part, why in SLOW.items() if covers(part, test_id)), None)


def covers(part: str, test_id: str) -> bool:
    """Whether an entry means a test: it is the whole id or ends at a ``/``, a ``::`` or a ``[`` of it."""
    return test_id == part or (test_id.startswith(part) and (part.endswith("/") or test_id[len(part)] in ":["))


def mark(items: list[pytest.Item]) -> None:
    """Give each slow test its marker."""
    for item in items:
        why = reason(item.nodeid)
        if why is not None:
            item.add_marker(pytest.mark.slow(why))
