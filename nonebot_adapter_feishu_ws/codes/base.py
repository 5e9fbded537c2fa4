"""What is said about one code, and the phrases that many of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["other", "credentials", "permission", "rate", "target", "content", "busy"]
"""What a user does about it: see the exceptions. ``busy`` passes by itself, and is tried again."""

CREDENTIALS_PAGE = "the console's 凭证与基础信息 (Credentials & Basic Info)"
GRANT = "Grant it on the console's 权限管理 (Permissions & Scopes), then publish a version (版本管理与发布)."
NEW_TOKEN = (
    "The adapter fetches a new token by itself; if it goes on, check app_secret against " + CREDENTIALS_PAGE + "."
)
ENABLE_BOT = "Enable 机器人 (Bot) under 添加应用能力 (Add Features) in the console and publish a version."
NOTHING = "Nothing to do: it is tried again."


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """One known code.

    Attributes:
        meaning: what it means.
        advice: what to do, with the console's menu in both languages.
        kind: which exception it becomes.
    """

    meaning: str
    advice: str
    kind: Kind = "other"
