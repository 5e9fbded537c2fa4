"""Results of message methods."""

from __future__ import annotations

from pydantic import Field

from .base import Result


class Sender(Result):
    """Who sent a message.

    Attributes:
        id: the open_id of a user, or the app_id of a bot
        id_type: ``open_id`` or ``app_id``
        sender_type: ``user``, ``app``, ``anonymous`` or ``unknown``
        tenant_key: the tenant
        sender_name: its name, where it was asked for
    """

    id: str | None = None
    id_type: str | None = None
    sender_type: str | None = None
    tenant_key: str | None = None
    sender_name: str | None = None


class Body(Result):
    """A message's content.

    Attributes:
        content: JSON as text, in the shape of its ``msg_type``
    """

    content: str | None = None


class Mention(Result):
    """Somebody who is mentioned with an @.

    Attributes:
        key: the placeholder in the text, such as ``@_user_1``
        id: the id
        id_type: what ``id`` is
        name: the name
        tenant_key: the tenant
    """

    key: str | None = None
    id: str | None = None
    id_type: str | None = None
    name: str | None = None
    tenant_key: str | None = None


class Message(Result):
    """A message (消息).

    Attributes:
        message_id: its id, ``om_...``
        root_id: the first message of the reply chain
        parent_id: the message that it answers
        thread_id: its topic
        msg_type: ``text``, ``post``, ``image``, ...
        create_time: milliseconds since the epoch
        update_time: milliseconds since the epoch
        deleted: whether it was recalled
        updated: whether it was edited
        chat_id: its chat
        sender: who sent it
        body: its content
        mentions: who is mentioned
        upper_message_id: inside a merged forward: the message around it
    """

    message_id: str | None = None
    root_id: str | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    msg_type: str | None = None
    create_time: str | None = None
    update_time: str | None = None
    deleted: bool | None = None
    updated: bool | None = None
    chat_id: str | None = None
    sender: Sender = Field(default_factory=Sender)
    body: Body = Field(default_factory=Body)
    mentions: list[Mention] = Field(default_factory=list[Mention])
    upper_message_id: str | None = None


class MessageItems(Result):
    """A message as it is fetched: itself, and what a merged forward holds.

    Attributes:
        items: the message; of a merged forward, it and its children
    """

    items: list[Message] = Field(default_factory=list[Message])


class MergedForward(Result):
    """A merged forward and what was left out of it.

    Attributes:
        message: the new message
        invalid_message_id_list: messages that could not be forwarded
    """

    message: Message = Field(default_factory=Message)
    invalid_message_id_list: list[str] = Field(default_factory=list[str])


class ReadUser(Result):
    """Somebody who has read a message.

    Attributes:
        user_id_type: what ``user_id`` is
        user_id: the user
        timestamp: when, in milliseconds since the epoch
        tenant_key: the tenant
    """

    user_id_type: str | None = None
    user_id: str | None = None
    timestamp: str | None = None
    tenant_key: str | None = None


class InvalidUsers(Result):
    """Users who were not reached.

    Attributes:
        invalid_user_id_list: those whom Feishu does not know or who cannot be reached
    """

    invalid_user_id_list: list[str] = Field(default_factory=list[str])


class Emoji(Result):
    """The kind of a reaction.

    Attributes:
        emoji_type: such as ``SMILE``
    """

    emoji_type: str | None = None


class Operator(Result):
    """Who reacted.

    Attributes:
        operator_id: the open_id of a user, or the app_id of a bot
        operator_type: ``user`` or ``app``
    """

    operator_id: str | None = None
    operator_type: str | None = None


class Reaction(Result):
    """A reaction (表情回复).

    Attributes:
        reaction_id: its id
        operator: who reacted
        action_time: milliseconds since the epoch
        reaction_type: which emoji
    """

    reaction_id: str | None = None
    operator: Operator = Field(default_factory=Operator)
    action_time: str | None = None
    reaction_type: Emoji = Field(default_factory=Emoji)


class Pin(Result):
    """A pinned message (Pin).

    Attributes:
        message_id: the message
        chat_id: its chat
        operator_id: who pinned it
        operator_id_type: ``open_id`` or ``app_id``
        create_time: milliseconds since the epoch
    """

    message_id: str | None = None
    chat_id: str | None = None
    operator_id: str | None = None
    operator_id_type: str | None = None
    create_time: str | None = None


class ImageKey(Result):
    """An uploaded image.

    Attributes:
        image_key: its key, ``img_...``
    """

    image_key: str | None = None


class FileKey(Result):
    """An uploaded file.

    Attributes:
        file_key: its key, ``file_...``
    """

    file_key: str | None = None
