"""Puts a bot into a ``.env`` file, whose other lines stay as they are."""

import os
import re
from pathlib import Path

_BOT = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(FEISHU_BOTS|FEISHU__APP_ID)[ \t]*=(?![ \t]*(?:\[[ \t]*\])?[ \t]*$)",
    re.MULTILINE | re.IGNORECASE,
)
_SANDBOX = re.compile(r"^([ \t]*FEISHU_SANDBOX[ \t]*=)", re.MULTILINE | re.IGNORECASE)


def names_bot(file: Path) -> str:
    """The key by which a file names a bot; empty if it names none, or is not there."""
    found = _BOT.search(file.read_text("utf-8")) if file.is_file() else None
    return found[1].upper() if found else ""


def add_bot(file: Path, app_id: str, app_secret: str, domain: str | None) -> None:
    """Append a bot in the short form; the file is its owner's alone, since it holds a secret.

    Args:
        file: made when there is none. ``FEISHU_SANDBOX`` in it becomes a comment: the bot is to talk to Feishu.
        app_id: App ID.
        app_secret: App Secret.
        domain: if it is not ``feishu``.
    """
    before = file.read_text("utf-8") if file.is_file() else ""
    kept = _SANDBOX.sub(r"# \1", before)
    lines = [f"FEISHU__APP_ID={app_id}", f"FEISHU__APP_SECRET='{app_secret}'"]
    lines += [f"FEISHU__DOMAIN={domain}"] if domain else []
    gap = "\n" if kept and not kept.endswith("\n") else ""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(kept + gap + "\n".join(lines) + "\n")
    file.chmod(0o600)
