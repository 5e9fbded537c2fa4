"""What the adapter itself says to people: notes on cards, short answers to clicks. In Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language; ``{}`` stands for a number.

    Attributes:
        failed: an answer ended with an error.
        cancelled: its task was cancelled.
        stopped: a person stopped it.
        restarted: the process that wrote it has ended.
        stop: the button.
        stopping: the answer to a click on it.
        ended: the same, when there is nothing to stop any more.
        not_yours: the same, for somebody who may not stop it.
        thinking: the head of the panel while the model thinks.
        thought: the head of the panel afterwards, with seconds.
        took: how long it took, with seconds.
        more_steps: earlier tool calls that are not shown, with their number.
        nothing: an answer without a word.
    """

    failed: str
    cancelled: str
    stopped: str
    restarted: str
    stop: str
    stopping: str
    ended: str
    not_yours: str
    thinking: str
    thought: str
    took: str
    more_steps: str
    nothing: str


WORDS: Final[Mapping[Language, Words]] = MappingProxyType(
    {
        "zh": Words(
            failed="⚠️ 出错了，回答中断。",
            cancelled="⏹️ 回答已取消。",
            stopped="⏹️ 已停止生成。",
            restarted="🔄 机器人重启，回答中断。",
            stop="停止生成",
            stopping="正在停止…",
            ended="回答已经结束",
            not_yours="只有提问者可以停止",
            thinking="💭 思考中…",
            thought="💭 已思考 {} 秒",
            took="用时 {} 秒",
            more_steps="…另有 {} 个步骤",
            nothing="（没有内容）",
        ),
        "en": Words(
            failed="⚠️ Something went wrong, and the answer was interrupted.",
            cancelled="⏹️ The answer was cancelled.",
            stopped="⏹️ Stopped.",
            restarted="🔄 The bot was restarted, and the answer was interrupted.",
            stop="Stop",
            stopping="Stopping…",
            ended="The answer has already ended",
            not_yours="Only the person who asked can stop this",
            thinking="💭 Thinking…",
            thought="💭 Thought for {} s",
            took="{} s",
            more_steps="… and {} earlier steps",
            nothing="(nothing to show)",
        ),
    }
)


def language_of(origin: str) -> Language:
    """The language of a bot, by the origin of its REST API: English for Lark, Chinese for everything else."""
    return "en" if "larksuite" in origin else "zh"
