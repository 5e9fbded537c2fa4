"""``on_card_action``: a matcher whose handlers answer a click by what they return."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from nonebot.dependencies import Dependent
from nonebot.dependencies.utils import get_typed_signature
from nonebot.matcher import Matcher, current_bot, current_event
from nonebot.permission import Permission
from nonebot.plugin.on import get_matcher_source, store_matcher
from nonebot.rule import Rule
from nonebot.typing import T_Handler, T_PermissionChecker, T_RuleChecker, T_State
from typing_extensions import override

from .rule import card_action

if TYPE_CHECKING:
    from .bot import Bot
    from .event import Event


class CardActionMatcher(Matcher):
    """A matcher for callbacks. What a handler returns answers the click, as :meth:`Bot.respond` takes it."""

    @classmethod
    @override
    def append_handler(cls, handler: T_Handler, parameterless: Iterable[Any] | None = None) -> Dependent[Any]:
        return super().append_handler(_responding(handler), parameterless)


def on_card_action(
    *actions: str,
    rule: Rule | T_RuleChecker | None = None,
    permission: Permission | T_PermissionChecker | None = None,
    handlers: list[T_Handler | Dependent[Any]] | None = None,
    temp: bool = False,
    expire_time: datetime | timedelta | None = None,
    priority: int = 1,
    block: bool = True,
    state: T_State | None = None,
    _depth: int = 0,
) -> type[CardActionMatcher]:
    """A matcher for clicks on cards (卡片回传交互, ``card.action.trigger``).

    A handler answers by ``await bot.respond(event, toast=..., card=...)`` or by what it returns: a text or ``Toast``, a
    ``Card``, or the answer's JSON. Feishu waits three seconds; later a card still arrives, a toast does not.

    Args:
        actions: names of what was clicked, see :func:`~.rule.card_action`; every click without any.
        rule: a further rule.
        permission: who may click; others get an empty answer.
        handlers: as for ``nonebot.on``, like everything below.
    """
    matcher = CardActionMatcher.new(
        "notice",
        Rule() & card_action(*actions) & rule,
        Permission() | permission,
        temp=temp,
        expire_time=expire_time,
        priority=priority,
        block=block,
        handlers=[each if isinstance(each, Dependent) else _responding(each) for each in handlers or ()],
        source=get_matcher_source(_depth + 1),
        default_state=state,
    )
    store_matcher(matcher)
    return matcher


def _responding(handler: T_Handler) -> Callable[..., Any]:
    @wraps(handler)
    async def respond(*args: Any, **kwargs: Any) -> None:
        answer: Any = handler(*args, **kwargs)
        if isawaitable(answer):
            answer = await answer
        if answer is not None:
            bot: Bot = current_bot.get()  # pyright: ignore[reportAssignmentType] - only our adapter makes callbacks
            event: Event = current_event.get()  # pyright: ignore[reportAssignmentType]
            await bot.respond(event, answer)

    # Resolved where the handler was written: this module knows none of its names.
    respond.__signature__ = get_typed_signature(handler)  # pyright: ignore[reportAttributeAccessIssue]
    return respond


__all__ = ["CardActionMatcher", "on_card_action"]
