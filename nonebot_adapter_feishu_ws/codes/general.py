"""Codes that any call can get (服务端错误码说明, 频控策略)."""

from __future__ import annotations

from typing import Final

from .base import ENABLE_BOT, GRANT, CodeInfo

_SLOWER = "It is sent again after a moment; if it goes on, send less at once."
_FIELDS = "The message names the field."
_IDS = "Ids are valid in one app (open_id) or one tenant (user_id, union_id) only; take them from this bot's events."

GENERAL: Final[dict[int, CodeInfo]] = {
    9499: CodeInfo("the request's form is wrong", "Check the JSON of the body. " + _FIELDS, "content"),
    11205: CodeInfo("the app has no bot", ENABLE_BOT),
    11232: CodeInfo("too many messages are being created", _SLOWER, "rate"),
    11233: CodeInfo("too many messages are being created", _SLOWER, "rate"),
    11247: CodeInfo("too many messages are being created", _SLOWER, "rate"),
    99991201: CodeInfo("there is no such API", "Check the path against the API's document."),
    99991301: CodeInfo("the API wants another HTTP method", "Check the method against the API's document."),
    99991400: CodeInfo("the app calls this API too often", "Wait for the seconds that Feishu names.", "rate"),
    99991401: CodeInfo(
        "this IP address may not call the app's API",
        "Add it to the list under 安全设置 (Security Settings) in the console, or empty the list.",
        "permission",
    ),
    99991672: CodeInfo("the app lacks a scope for this call", GRANT, "permission"),
    99991676: CodeInfo("the token lacks a scope for this call", GRANT, "permission"),
    99991679: CodeInfo("the user has not granted a scope for this call", GRANT, "permission"),
    99992351: CodeInfo("an open_id does not exist", _IDS, "target"),
    99992354: CodeInfo("an id does not exist", _IDS, "target"),
    99992356: CodeInfo("a chat_id does not exist", _IDS, "target"),
    99992360: CodeInfo("a user_id does not exist", _IDS, "target"),
    99992361: CodeInfo("an open_id belongs to another app", _IDS, "target"),
    99992364: CodeInfo("a union_id or user_id is not of this tenant", _IDS, "target"),
    99992381: CodeInfo("a union_id is not of this tenant", _IDS, "target"),
    99992402: CodeInfo("a parameter is missing or wrong", _FIELDS + " See field_violations in the error's body."),
}
