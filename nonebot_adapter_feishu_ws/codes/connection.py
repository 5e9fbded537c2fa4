"""Codes of the long connection: discovery and handshake."""

from __future__ import annotations

from typing import Final

from .base import CREDENTIALS_PAGE, NOTHING, CodeInfo

CONNECTION: Final[dict[int, CodeInfo]] = {
    1: CodeInfo("Feishu is busy", NOTHING),
    403: CodeInfo(
        "this app may not use the long connection",
        "Only self-built apps (企业自建应用) can; check app_id against " + CREDENTIALS_PAGE + ", or use the webhook.",
    ),
    514: CodeInfo(
        "Feishu does not accept the credentials",
        "Check app_id and app_secret in .env against " + CREDENTIALS_PAGE + ", and that the app is enabled.",
    ),
    1000040343: CodeInfo("an internal error of Feishu", NOTHING),
    1000040344: CodeInfo(
        "the request carried no credentials",
        "Set app_id and app_secret in .env; the console shows both on 凭证与基础信息 (Credentials & Basic Info).",
    ),
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
}
