"""The keys under which a plugin keeps what belongs to a conversation: a memory, a lock, a choice. Pure."""

from typing import Literal, get_args

SessionScope = Literal["topic", "user", "chat", "topic_user"]
"""Who shares a session: everybody in the topic, one person everywhere, everybody in the chat, one person in the topic.
"""


def session_key(scope: SessionScope, *, chat_id: str, user_id: str, thread_id: str | None = None) -> str:
    """The key of a session.

    Args:
        scope: who shares it. Outside of a topic the chat stands for it.
        chat_id: the chat, or empty.
        user_id: the person, or empty.
        thread_id: the topic, or None.

    Returns:
        ``topic:omt_…`` or ``chat:oc_…`` for ``"topic"``, ``chat:oc_…`` for ``"chat"``, ``user:ou_…`` for ``"user"``,
        and the first with the last behind it, as in ``topic:omt_…/user:ou_…``, for ``"topic_user"``.

    Raises:
        ValueError: the scope is unknown, or there is no chat or person that it needs.
    """
    if scope not in get_args(SessionScope):
        raise ValueError(f"a session's scope is one of {', '.join(get_args(SessionScope))}, not {scope!r}")
    needs_user, needs_chat = scope in ("user", "topic_user"), scope != "user"
    if (needs_chat and not chat_id and not thread_id) or (needs_user and not user_id):
        missing = "user" if needs_user and not user_id else "chat"
        raise ValueError(f"this event names no {missing}, so it has no session of the scope {scope!r}")
    place = f"topic:{thread_id}" if thread_id and scope != "chat" else f"chat:{chat_id}"
    return "/".join([place] * needs_chat + [f"user:{user_id}"] * needs_user)
