"""Codes of ``im/v1/messages`` (发送消息, 回复消息, 编辑消息, 转发消息, 合并转发消息, 撤回消息)."""

from __future__ import annotations

from typing import Final

from .base import ENABLE_BOT, GRANT, NOTHING, CodeInfo

_PRIVATE_GROUP = "Send the content itself instead."

MESSAGES: Final[dict[int, CodeInfo]] = {
    230001: CodeInfo("a parameter is wrong", "The text behind ext= says which; compare with the API's document."),
    230002: CodeInfo("the bot is not in the chat", "Add the bot to the group (群设置 > 群机器人).", "target"),
    230006: CodeInfo("the app has no bot", ENABLE_BOT),
    230011: CodeInfo("the message was recalled", "Answer to the chat instead of to the message.", "target"),
    230012: CodeInfo("the bot did not send this message", "Only the sender can do this."),
    230013: CodeInfo(
        "the user is outside the bot's availability",
        "Add the user to 可用范围 (Availability) under 版本管理与发布 in the console and publish a version.",
        "target",
    ),
    230015: CodeInfo("a private chat cannot be shared", "Share a group.", "content"),
    230017: CodeInfo(
        "the bot does not own this resource",
        "Upload it with the same bot that sends it; fetch a received one first (segment.download).",
        "content",
    ),
    230018: CodeInfo(
        "the group's settings forbid it", "Ask the group's owner for permission (群设置 > 发言权限).", "target"
    ),
    230019: CodeInfo("the topic does not exist", "Send to the chat instead.", "target"),
    230020: CodeInfo(
        "this chat or user gets messages too often (5 per second, shared by all bots of a group)",
        "It is sent again after a moment; if it goes on, send less at once.",
        "rate",
    ),
    230022: CodeInfo("the content is held to be sensitive", "Change the content.", "content"),
    230025: CodeInfo(
        "the content is too long (text 150 KB, post and card 30 KB)", "Split it, or send it as a file.", "content"
    ),
    230026: CodeInfo("the bot may not recall this message", "The recall period may be over, or the sender is another."),
    230027: CodeInfo("the app lacks a permission for this message, or the group is external", GRANT, "permission"),
    230028: CodeInfo(
        "the tenant's audit stopped the content", "Leave out phone numbers, mail addresses and the like.", "content"
    ),
    230029: CodeInfo("the user has left the company", "Remove the user from your list.", "target"),
    230030: CodeInfo("the message id is invalid", "Take message ids from events or answers of this bot.", "target"),
    230031: CodeInfo("the message is older than 14 days", "Send a new one."),
    230033: CodeInfo("the message is older than 7 days", "Who has read it can be asked for 7 days only."),
    230034: CodeInfo(
        "receive_id is invalid", "Check that it is of the type that receive_id_type names, and of this app.", "target"
    ),
    230035: CodeInfo(
        "the bot may not speak here",
        "The chat is muted, the user has blocked the bot, or the tenant restricts who may write to whom.",
        "target",
    ),
    230036: CodeInfo("the tenant's encryption key was deleted", "Ask the tenant's administrator."),
    230038: CodeInfo("the user is in another tenant", "Use a group that both are in.", "target"),
    230045: CodeInfo("the chat does not exist", "It may be disbanded.", "target"),
    230049: CodeInfo("the message is being sent already", NOTHING, "busy"),
    230050: CodeInfo("the bot cannot see the message", "It was sent before the bot came, or is hidden.", "target"),
    230053: CodeInfo("the user has stopped the bot's messages", "Only the user can allow them again.", "target"),
    230054: CodeInfo("this type of message cannot do that", "Edit text and posts only; patch cards.", "content"),
    230055: CodeInfo(
        "the file was uploaded as another type than it is sent as",
        "Upload opus for audio, mp4 for media, anything else for file.",
        "content",
    ),
    230062: CodeInfo("an encrypted group does not take forwarded messages", _PRIVATE_GROUP, "target"),
    230063: CodeInfo("the chat to forward to does not exist", "Check its chat_id.", "target"),
    230064: CodeInfo("none of the messages can be forwarded", "They are gone, recalled or invisible.", "target"),
    230065: CodeInfo("all the messages were recalled", "There is nothing left to forward.", "target"),
    230066: CodeInfo("messages of a secret group cannot be forwarded", _PRIVATE_GROUP, "target"),
    230070: CodeInfo("the group forbids to forward or copy", _PRIVATE_GROUP, "target"),
    230071: CodeInfo(
        "reply: the group has no topics; edit: the bot did not send this message",
        "Leave out reply_in_thread; edit only what the bot sent.",
    ),
    230072: CodeInfo(
        "reply: a merged message has no topic; edit: the message was edited 20 times",
        "Leave out reply_in_thread; send a new message.",
    ),
    230073: CodeInfo(
        "edit: messages of a secret group cannot be edited; read: the bot cannot see the topic", "Send a new message."
    ),
    230074: CodeInfo("messages of an encrypted group cannot be edited", "Send a new message."),
    230075: CodeInfo(
        "send: encrypted messages are not supported; edit: the time to edit is over", "Send a new, plain message."
    ),
    230099: CodeInfo(
        "the card or content cannot be built",
        "The text behind ErrMsg says why; check the card's JSON in the card tool (飞书卡片搭建工具).",
        "content",
    ),
    230110: CodeInfo("the message was deleted", "Answer to the chat instead of to the message.", "target"),
    230111: CodeInfo("the message will delete itself", "Answer to the chat instead of to the message.", "target"),
    231003: CodeInfo("there is no such reaction", "It may be taken back already."),
}
