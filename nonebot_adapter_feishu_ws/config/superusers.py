"""NoneBot's ``SUPERUSERS``: entries that look like users of Feishu and never match one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_OPEN_ID = re.compile(r"(?<![0-9A-Za-z_])ou_\w+", re.ASCII)
PREFIX = "feishu"
"""The adapter's name as NoneBot writes it in front of a user: in lower case."""


def superuser_warnings(raw: Mapping[str, Any]) -> Iterator[str]:
    """Warnings for superusers whose form NoneBot does not match (``nonebot.permission.SUPERUSER``).

    Args:
        raw: NoneBot's configuration as a dict (lower-case keys).
    """
    for name in sorted(map(str, raw.get("superusers") or ())):
        adapter, _, user_id = (part.strip() for part in name.replace("\uff1a", ":").rpartition(":"))
        if found := _OPEN_ID.search(name):  # whatever stands around it: quotes, a comment, what nobody sees
            user_id = found[0]
        right = f"{PREFIX}:{user_id}"
        if user_id.startswith("on_"):
            yield (
                f"SUPERUSERS has {name!r}, a union_id, but users are compared by open_id: write the one that this "
                f"user has in the bot's app ('{PREFIX}:ou_...')"
            )
        elif name not in (right, user_id) and (user_id.startswith("ou_") or adapter.lower() == PREFIX):
            yield (
                f"SUPERUSERS has {name!r}, which matches nobody: NoneBot compares with the adapter's name in lower "
                f"case and the open_id; write {right!r}"
            )
