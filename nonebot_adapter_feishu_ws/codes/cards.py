"""Codes of card entities and streaming (CardKit: 创建卡片实体, 流式更新文本, 更新卡片配置)."""

from __future__ import annotations

from typing import Final

from .base import CodeInfo

_CHECK = "The message says which part; check the card's JSON."
_SEQUENCE = "Give every operation on a card a larger sequence than the one before."
_STREAM = "Set streaming_mode to true again (更新卡片配置)."

CARDS: Final[dict[int, CodeInfo]] = {
    10002: CodeInfo("a parameter is wrong", "Compare with the API's document.", "content"),
    200220: CodeInfo("the card cannot be built", _CHECK, "content"),
    200740: CodeInfo("the card entity does not exist", "Check card_id.", "target"),
    200750: CodeInfo("the card entity is older than 14 days", "Create a new one.", "target"),
    200770: CodeInfo("the uuid was used for another operation", "Take a new uuid for each operation."),
    200810: CodeInfo("somebody is operating the card", "Update it after the callback was answered."),
    200850: CodeInfo("the streaming mode closed by itself", _STREAM),
    200860: CodeInfo("the card is larger than 30 KB", "Split it into several cards.", "content"),
    300120: CodeInfo("an internal error of Feishu", _SEQUENCE),
    300121: CodeInfo("the element cannot be replaced", _CHECK, "content"),
    300122: CodeInfo("the card's settings cannot be changed", _CHECK, "content"),
    300301: CodeInfo("an element_id occurs twice", "Give every element an id of its own.", "content"),
    300302: CodeInfo("update_multi is false", "Streaming needs update_multi: true.", "content"),
    300303: CodeInfo("the card is no card of version 2.0", 'Set "schema": "2.0".', "content"),
    300305: CodeInfo("the card has more than 200 elements", "Split it into several cards.", "content"),
    300307: CodeInfo("the card is empty", _CHECK, "content"),
    300309: CodeInfo("the streaming mode is off", _STREAM),
    300310: CodeInfo("only texts can be streamed", "Stream into a plain text or Markdown element.", "content"),
    300311: CodeInfo(
        "another app created this card", "Only the app that created a card may send and change it.", "target"
    ),
    300312: CodeInfo("an element's tag cannot change", "Replace the element.", "content"),
    300313: CodeInfo("the element cannot be updated", _CHECK, "content"),
    300314: CodeInfo("the element cannot be deleted", _CHECK, "content"),
    300315: CodeInfo("the element cannot be added", _CHECK, "content"),
    300317: CodeInfo("the sequence did not grow", _SEQUENCE),
}
