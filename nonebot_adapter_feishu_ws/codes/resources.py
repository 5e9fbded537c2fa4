"""Codes of chats (获取群信息, 获取群成员列表), users (获取单个用户信息) and files (上传文件, 上传图片)."""

from __future__ import annotations

from typing import Final

from .base import ENABLE_BOT, CodeInfo

_RANGE = "Add the user to 通讯录权限范围 (Contacts range) under 权限管理 in the console and publish a version."

RESOURCES: Final[dict[int, CodeInfo]] = {
    41050: CodeInfo("the user is outside the app's contacts range", _RANGE, "permission"),
    232001: CodeInfo("a parameter is wrong", "Compare with the API's document."),
    232004: CodeInfo("the app does not exist here", "Check app_id and the domain."),
    232006: CodeInfo("the chat_id is invalid", "Take chat ids from events of this bot.", "target"),
    232009: CodeInfo("the group was disbanded", "Remove the chat from your list.", "target"),
    232010: CodeInfo("the group belongs to another tenant", "Use a bot of that tenant.", "target"),
    232011: CodeInfo("the bot is not in the chat", "Add the bot to the group (群设置 > 群机器人).", "target"),
    232025: CodeInfo("the app has no bot", ENABLE_BOT),
    232033: CodeInfo(
        "the app may not act in external groups", "Allow 对外共享 (External sharing) for the app.", "permission"
    ),
    232034: CodeInfo("the tenant has not installed or enabled the app", "Have its administrator enable it."),
    232096: CodeInfo("Feishu does not write this app's data just now", "Try again later."),
    234001: CodeInfo("a parameter of the upload is wrong", "Check file_type, file_name and image_type.", "content"),
    234003: CodeInfo("the message does not carry this file", "Take file_key and message_id of one message.", "target"),
    234004: CodeInfo("the bot is not in the chat", "Add the bot to the group (群设置 > 群机器人).", "target"),
    234005: CodeInfo("the file is gone", "It was deleted, or has expired.", "target"),
    234006: CodeInfo("the file is too large (file 30 MB, image 10 MB)", "Make it smaller, or share a link.", "content"),
    234007: CodeInfo("the app has no bot", ENABLE_BOT),
    234008: CodeInfo("another app uploaded this file", "Use get_msg_resource for what a message carries.", "target"),
    234010: CodeInfo("the file is empty", "Feishu takes no file of 0 bytes.", "content"),
    234011: CodeInfo(
        "the image's format is not known",
        "Take JPEG, PNG, WEBP, GIF, TIFF, BMP or ICO, or send it as a file.",
        "content",
    ),
    234039: CodeInfo(
        "the image is too wide or high (GIF 2000 x 2000, others 12000 x 12000)", "Send it as a file.", "content"
    ),
    234041: CodeInfo("the tenant's encryption key was deleted", "Ask the tenant's administrator."),
    234042: CodeInfo("the tenant's own storage failed", "Ask the tenant's administrator: it may be full."),
}
