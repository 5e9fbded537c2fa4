"""``on_card_action``: a matcher whose handlers answer a click with their return value."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from inspect import isawaitable
from typing import Any, cast

from nonebot.dependencies import Dependent
from nonebot.dependencies.utils import get_typed_signature
from nonebot.matcher import Matcher, current_bot, current_event
from nonebot.permission import Permission
from nonebot.plugin.on import get_matcher_source, store_matcher
from nonebot.rule import Rule
from nonebot.typing import T_Handler, T_PermissionChecker, T_RuleChecker, T_State
from typing_extensions import override

from .bot import Bot
from .event import Event
from .rule import card_action


class CardActionMatcher(Matcher):
    """A matcher for callbacks. The return value of a handler answers the click, see :meth:`Bot.respond`."""

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
    """Create a matcher for clicks on cards (卡片回传交互, ``card.action.trigger``).

    A handler answers with ``await bot.respond(event, toast=..., card=...)`` or with its return value: a text or
    ``Toast``, a ``Card``, or the answer's JSON. Feishu waits three seconds; after that a card still arrives, a toast
    does not.

    Args:
        actions: names of the clicked elements, see :func:`~.rule.card_action`; none matches every click.
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
            # Only our adapter creates callbacks.
            await cast("Bot", current_bot.get()).respond(cast("Event", current_event.get()), answer)

    # Resolved in the handler's own module, whose names are unknown here.
    respond.__signature__ = get_typed_signature(handler)  # pyright: ignore[reportAttributeAccessIssue]
    return respond


__all__ = ["CardActionMatcher", "on_card_action"]
