"""Codes about credentials and tokens (自建应用获取 tenant_access_token, 服务端错误码说明)."""

from __future__ import annotations

from typing import Final

from .base import CREDENTIALS_PAGE, NEW_TOKEN, CodeInfo

_COMPARE = "Compare app_id and app_secret with " + CREDENTIALS_PAGE
_OWN_TOKEN = "It concerns a token that the call itself brought along (Authorization): fetch a new one."

CREDENTIALS: Final[dict[int, CodeInfo]] = {
    1000040345: CodeInfo(
        "Feishu does not accept app id and secret",
        "Check app_id and app_secret in .env against "
        + CREDENTIALS_PAGE
        + ", and that a version of the app is published.",
        "credentials",
    ),
    10003: CodeInfo("the app id or secret is wrong", _COMPARE + ".", "credentials"),
    10012: CodeInfo(
        "the app_ticket of a store app is invalid",
        "The adapter asks Feishu for a new one by itself; it comes to the webhook, which must be reachable.",
        "credentials",
    ),
    10014: CodeInfo(
        "the app does not exist, is disabled, or its secret is wrong",
        _COMPARE + ", and see that the app is enabled.",
        "credentials",
    ),
    10015: CodeInfo("the app secret is wrong", "Compare app_secret with " + CREDENTIALS_PAGE + ".", "credentials"),
    99991543: CodeInfo("the app id or secret does not exist", _COMPARE + ".", "credentials"),
    99991661: CodeInfo("the call carried no access token", NEW_TOKEN, "credentials"),
    99991662: CodeInfo("the app is disabled", "Have the tenant's administrator enable it.", "credentials"),
    99991663: CodeInfo("the access token is invalid", NEW_TOKEN, "credentials"),
    99991664: CodeInfo("the app access token is invalid", NEW_TOKEN, "credentials"),
    99991665: CodeInfo("the tenant access token is invalid", NEW_TOKEN, "credentials"),
    99991668: CodeInfo("the access token is invalid or of the wrong kind", NEW_TOKEN, "credentials"),
    99991669: CodeInfo("the user's refresh token is invalid", _OWN_TOKEN, "credentials"),
    99991671: CodeInfo("the access token has the wrong form", NEW_TOKEN, "credentials"),
    99991673: CodeInfo(
        "the tenant has not installed the app", "Publish a version and have it approved.", "credentials"
    ),
    99991677: CodeInfo("the user's access token has expired", _OWN_TOKEN, "credentials"),
    234002: CodeInfo("the upload was not authorised", NEW_TOKEN, "credentials"),
}
