"""NoneBot's ``SUPERUSERS``: entries that look like users of Feishu and never match one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_OPEN_ID = re.compile(r"(?<![0-9A-Za-z_])ou_(\w+)", re.ASCII | re.IGNORECASE)
_USER_ID = re.compile(r"\w[\w.-]*", re.ASCII)
_KINDS = {"on_": "a union_id", "oc_": "the id of a chat", "cli_": "the id of an app", "ou_": "no whole open_id"}
PREFIX = "feishu"
"""The adapter's name as NoneBot writes it in front of a user: in lower case."""


def superuser_warnings(raw: Mapping[str, Any]) -> Iterator[str]:
    """Warnings for superusers whose form NoneBot does not match (``nonebot.permission.SUPERUSER``).

    Args:
        raw: NoneBot's configuration as a dict (lower-case keys).
    """
    for name in sorted(map(str, raw.get("superusers") or ())):
        adapter, _, user_id = (part.strip() for part in name.replace("\uff1a", ":").rpartition(":"))
        is_ours = adapter.lower() == PREFIX
        kind = next((text for prefix, text in _KINDS.items() if user_id.startswith(prefix)), "")
        if found := _OPEN_ID.findall(name):  # whatever stands around it: quotes, a comment, what nobody sees
            rights = [f"{PREFIX}:ou_{rest}" for rest in found]
        elif (kind and (is_ours or not adapter)) or (is_ours and _USER_ID.fullmatch(user_id) is None):
            yield (
                f"SUPERUSERS has {name!r}, {kind or 'no open_id'}, but users are compared by open_id: write the one "
                f"that this user has in the bot's app ('{PREFIX}:ou_...')"
            )
            continue
        else:
            rights = [f"{PREFIX}:{user_id}"] if is_ours else [name]
        if name not in (rights[0], rights[0].removeprefix(f"{PREFIX}:")):
            yield (
                f"SUPERUSERS has {name!r}, which matches nobody: NoneBot compares with the adapter's name in lower "
                f"case and the open_id; write {' and '.join(map(repr, rights))}"
            )
