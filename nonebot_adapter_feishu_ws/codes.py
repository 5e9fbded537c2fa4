"""Feishu's codes in words: what each means and what to do about it. One table for logs, errors and the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """One known code.

    Attributes:
        meaning: what it means.
        advice: what to do, with the console's menu in both languages.
    """

    meaning: str
    advice: str


_CREDENTIALS = "the console's 凭证与基础信息 (Credentials & Basic Info)"
_SCOPES = "the console's 权限管理 (Permissions & Scopes), then publish a version (版本管理与发布)"
_NEW_TOKEN = "The adapter fetches a new token by itself; if it goes on, check app_secret against " + _CREDENTIALS + "."

_TABLE: Final[dict[int, CodeInfo]] = {
    # Long connection
    1: CodeInfo("Feishu is busy", "Nothing to do: it is tried again."),
    403: CodeInfo(
        "this app may not use the long connection",
        "Only self-built apps (企业自建应用) can; check app_id against " + _CREDENTIALS + ", or use the webhook.",
    ),
    514: CodeInfo(
        "Feishu does not accept the credentials",
        "Check app_id and app_secret in .env against " + _CREDENTIALS + ", and that the app is enabled.",
    ),
    1000040343: CodeInfo("an internal error of Feishu", "Nothing to do: it is tried again."),
    1000040344: CodeInfo("the request carried no credentials", "Set app_id and app_secret in .env."),
    1000040350: CodeInfo(
        "the app has reached its 50 long connections",
        "Find who else runs this app (old containers, other machines, a reloader) and stop it; "
        "until then other processes take part of the events.",
    ),
    1000040351: CodeInfo(
        "the app belongs to the other domain",
        'Set the bot\'s domain to the other one: "lark" (open.larksuite.com) if it is "feishu" '
        "(open.feishu.cn) now, and the other way round.",
    ),
    # Credentials and tokens
    10003: CodeInfo("the app id or secret is wrong", "Compare app_id and app_secret with " + _CREDENTIALS + "."),
    10014: CodeInfo("the app secret is wrong", "Compare app_secret with " + _CREDENTIALS + "."),
    99991661: CodeInfo("the call carried no access token", _NEW_TOKEN),
    99991663: CodeInfo("the access token is invalid", _NEW_TOKEN),
    99991664: CodeInfo("the app access token is invalid", _NEW_TOKEN),
    99991665: CodeInfo("the tenant access token is invalid", _NEW_TOKEN),
    99991668: CodeInfo("the access token is invalid or of the wrong kind", _NEW_TOKEN),
    99991672: CodeInfo("the app lacks a scope for this call", "Grant it on " + _SCOPES + "."),
    99991679: CodeInfo("the user has not granted a scope for this call", "Grant it on " + _SCOPES + "."),
    99991400: CodeInfo("the app calls too often", "Wait for the seconds that Feishu names, and send less at once."),
    # Messages
    230001: CodeInfo("a parameter is wrong", "Check the content against the document of its msg_type."),
    230002: CodeInfo("the bot is not in the chat", "Add the bot to the group (群设置 > 群机器人)."),
    230006: CodeInfo(
        "the app has no bot",
        "Enable 机器人 (Bot) under 添加应用能力 (Add Features) in the console and publish a version.",
    ),
    230011: CodeInfo("the message was recalled", "Answer to the chat instead of to the message."),
    230013: CodeInfo(
        "the user is outside the bot's availability",
        "Add the user to 可用范围 (Availability) under 版本管理与发布 in the console and publish a version.",
    ),
    230017: CodeInfo("the bot does not own this resource", "Upload the file with the same bot that sends it."),
    230018: CodeInfo("the group forbids to speak", "Ask the group's owner for permission (群设置 > 发言权限)."),
    230020: CodeInfo("this chat or user gets messages too often (5 per second)", "Send less at once."),
    230025: CodeInfo("the content is too long (text 150 KB, post and card 30 KB)", "Split it, or send it as a file."),
    230027: CodeInfo("the app lacks a permission for this message", "Grant it on " + _SCOPES + "."),
    230099: CodeInfo(
        "the card or content cannot be built", "Check the card's JSON in the card tool (飞书卡片搭建工具)."
    ),
    11232: CodeInfo("the group gets messages too often", "Send less at once."),
}


def explain(code: int | None) -> CodeInfo | None:
    """What is known about a code, or None."""
    return None if code is None else _TABLE.get(code)
