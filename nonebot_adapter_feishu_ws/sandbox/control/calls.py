"""One table for Python and HTTP: methods of :class:`Sandbox` that are called by name with JSON arguments."""

import difflib
import inspect
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from ...net.bounded_json import is_list
from ..actions import Actions
from ..delivery import Delivery
from ..rest.cards import Click
from ..state import App, Chat, Message, User, World
from .access import Refused
from .show import show_app, show_chat, show_message, show_user

ACTIONS = (
    *("say", "answer_in_topic", "forward", "send_file", "react", "unreact", "edit", "recall", "read"),
    *("click", "click_menu", "enter_chat", "create_group", "rename_group", "dissolve_group"),
    *("join", "leave", "withdraw", "add_bot", "remove_bot", "add_user", "p2p", "push", "subscribe"),
)
FAULTS = (
    *("drop", "half_open", "slow_acks", "duplicates", "rate_limit", "refuse", "bad_dns", "bad_tls", "expire_tokens"),
)
_PERSON = "a person: an open_id or a name"
_HOW: dict[Any, str] = {User: _PERSON, Chat: "a chat_id", Message: "a message_id", bytes: "an uploaded file"}


async def run(actions: Actions, names: Sequence[str], name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Call a method by its name.

    Args:
        actions: whose method.
        names: the methods that may be called.
        name: the method.
        given: its arguments by name, as JSON has them.

    Returns:
        What it returned, as JSON.

    Raises:
        Refused: no such method or argument, one that does not fit, or the method says that it cannot be done.
    """
    if name not in names:
        raise Refused(f"there is no {name!r}{_suggest(name, names)}", 404)
    method = getattr(actions, name)
    signature, hints = inspect.signature(method), get_type_hints(method)
    arguments: dict[str, Any] = {}
    open_ended = any(each.kind is each.VAR_KEYWORD for each in signature.parameters.values())
    known = [each.name for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
    for key, value in given.items():
        if key not in known and not open_ended:
            raise Refused(f"{name} takes no {key!r}{_suggest(key, known)}; it takes {', '.join(known)}")
        arguments[key] = _convert(actions.world, key, value, hints[key]) if key in known else value
    missing = [
        each for each in known if signature.parameters[each].default is inspect.Parameter.empty and each not in given
    ]
    if missing:
        raise Refused(f"{name} needs {' and '.join(missing)}")
    try:
        result = method(**arguments)
        result = await result if inspect.isawaitable(result) else result
    except (ValueError, KeyError) as error:
        raise Refused(f"{name}: {error.args[0] if error.args else error}", 409) from None
    return _shown(actions, result)


def _suggest(wrong: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(wrong, known, 1)
    return f": did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"


def _convert(world: World, name: str, value: Any, kind: Any) -> Any:
    """A JSON value as the method's annotation wants it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        if value is None and type(None) in inner:
            return None
        return _first(world, name, value, [each for each in inner if each is not type(None)])
    if origin is Literal:
        if value not in inner:
            raise Refused(f"{name} is one of {', '.join(map(str, inner))}, not {value!r}")
        return value
    if isinstance(origin, type) and issubclass(origin, Sequence):
        if not is_list(value):
            raise Refused(f"{name} must be a list, not {value!r}")
        return [_convert(world, name, each, inner[0]) for each in value]
    if kind is str and name in ("app_id", "apps") and value not in world.apps:
        raise Refused(f"there is no app {value!r}; there are {', '.join(world.apps)}", 404)
    found = _look_up(world, value, kind)
    wanted = cast(Any, origin or kind)
    if wanted in _HOW and wanted is not bytes:
        if found is None:
            raise Refused(f"{name} is {_HOW[wanted]}, and nothing here has {value!r}", 404)
        return found
    if wanted is float and isinstance(value, int):
        return float(value)
    if isinstance(wanted, type) and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        raise Refused(f"{name} must be {_HOW.get(wanted, wanted.__name__)}, not {value!r}")
    return value


def _first(world: World, name: str, value: Any, kinds: Sequence[Any]) -> Any:
    """The first of several kinds that fits; a text stays a text where one may stand beside a person."""
    refused: list[Refused] = []
    for kind in sorted(kinds, key=lambda each: each is not str):
        try:
            return _convert(world, name, value, kind)
        except Refused as error:
            refused.append(error)
    raise refused[-1]


def _look_up(world: World, value: object, kind: Any) -> object:
    if kind is User:
        by_name = (user for user in world.users.values() if user.name == value)
        return world.users.get(str(value)) or next(by_name, None)
    if kind is Chat:
        return world.chats.get(str(value))
    return world.messages.get(str(value)) if kind is Message else None


def _shown(actions: Actions, result: object) -> dict[str, Any]:
    world = actions.world
    match result:
        case Message():
            return {"message": show_message(world, result)}
        case Chat():
            return {"chat": show_chat(world, result, world.history(result.chat_id))}
        case User():
            return {"user": show_user(result)}
        case App():
            return {"app": show_app(result, actions.gateway)}
        case Click():
            return {"toast": result.toast, "card": result.card, "error": result.error}
        case Delivery():
            return {"event_id": result.event_id}
        case _:
            return {}
