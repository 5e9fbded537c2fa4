"""What people do with messages: write, answer, send files, react, edit, recall, read."""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from .acting import Acting
from .events import as_typed, mention, message_event, user_ids
from .state import App, Chat, Message, StoredFile, User, new_id

AT = re.compile(r'<at user_id="([^"]*)">[^<]*</at>')
MAX_EDITS = 20
Upload = Literal["image", "file", "audio", "media"]
_COVER = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060f80f00010401005fe5c34b"
    "0000000049454e44ae426082"
)
"""The cover of an uploaded video: one pixel."""


class People(Acting):
    """What people do with messages; each method pushes what Feishu pushes for it."""

    async def say(
        self,
        user: User,
        chat: Chat,
        content: str | dict[str, Any],
        *,
        msg_type: str = "text",
        at: Sequence[str | User] = (),
        reply_to: Message | None = None,
        thread_id: str | None = None,
    ) -> Message:
        """A user sends a message; every app of the chat gets its event.

        Args:
            user: who sends it.
            chat: where to.
            content: the text as it is typed, or the content's object as Feishu delivers it. In a text,
                ``<at user_id="ID">Name</at>`` is a mention: an open_id, an app id or ``all``.
            msg_type: ``text`` or another type of the content.
            at: app ids, users or ``"all"``, put in front of a text; a content of another type names them by their keys,
                ``@_user_1`` and so on.
            reply_to: quote this message.
            thread_id: inside this topic.

        Returns:
            The message (接收消息).
        """
        app = next((self.world.apps[each] for each in chat.apps), None)
        mentions: list[dict[str, Any]] = []
        marks = "".join(f'<at user_id="{each.open_id if isinstance(each, User) else each}"></at> ' for each in at)
        front = self._with_mentions(marks, app, mentions)
        if isinstance(content, str):
            fields = {"text": front + self._with_mentions(as_typed(content), app, mentions)}
        else:
            fields = content
        message = self.world.new_message(chat, user.open_id, "user", msg_type, json.dumps(fields, ensure_ascii=False))
        message.mentions = mentions
        message.thread_id = thread_id or (reply_to.thread_id if reply_to else None)
        self.world.put_below(message, reply_to)
        self.world.add_message(message)
        await self._deliver(message, chat)
        return message

    def _with_mentions(self, text: str, app: App | None, mentions: list[dict[str, Any]]) -> str:
        def placeholder(found: re.Match[str]) -> str:
            if found[1] == "all":
                return "@_all"
            mentions.append(mention(self.world, app, f"@_user_{len(mentions) + 1}", found[1]))
            return mentions[-1]["key"]

        return AT.sub(placeholder, text)

    async def answer_in_topic(self, user: User, message: Message, content: str | dict[str, Any]) -> Message:
        """A user answers a message in its topic, which is opened if there is none yet (话题概述).

        Args:
            user: who answers.
            message: the topic's first message, or one inside it.
            content: as for :meth:`say`.

        Raises:
            ValueError: the message was recalled.
        """
        chat = self.chat_of(message)
        if message.thread_id is None:
            message.thread_id = new_id("omt")
            await self.world.show(message)
        return await self.say(user, chat, content, reply_to=message)

    async def forward(self, user: User, chat: Chat, messages: Sequence[Message]) -> Message:
        """A user forwards several messages as one; every app of the chat gets its event."""
        message = self.world.add_message(self.world.new_merged(chat, user.open_id, "user", messages))
        await self._deliver(message, chat)
        return message

    async def send_file(
        self, user: User, chat: Chat, file: bytes, *, name: str = "file", kind: Upload = "file", duration: int = 1000
    ) -> Message:
        """A user sends an image, a file, a voice message or a video.

        Args:
            user: who sends it.
            chat: where to.
            file: its bytes.
            name: its name, which bots see for ``file`` and ``media``.
            kind: ``image``, ``file``, ``audio`` (a voice message) or ``media`` (a video).
            duration: of ``audio`` and ``media``, in milliseconds.

        Raises:
            ValueError: the file is empty.
        """
        if not file:
            raise ValueError("an empty file cannot be sent")
        key = self._keep("image" if kind == "image" else "file", name, file)
        fields: dict[str, Any] = {"image_key" if kind == "image" else "file_key": key}
        if kind in ("file", "media"):
            fields["file_name"] = name
        if kind in ("audio", "media"):
            fields["duration"] = duration
        if kind == "media":
            fields["image_key"] = self._keep("image", "cover.png", _COVER)
        return await self.say(user, chat, fields, msg_type=kind)

    def _keep(self, kind: Literal["image", "file"], name: str, content: bytes) -> str:
        key = new_id("img_v3" if kind == "image" else "file_v3")
        self.world.files[key] = StoredFile(key, kind, name, content, "")
        return key

    async def _deliver(self, message: Message, chat: Chat) -> None:
        event = "im.message.receive_v1"
        await self.tell(chat.apps, event, lambda app: message_event(self.world, app, message), chat.tenant_key)
        await self.world.notify()

    async def react(self, user: User, message: Message, emoji_type: str) -> None:
        """A user adds a reaction: ``im.message.reaction.created_v1`` (新增消息表情回复); a second time does nothing.

        Args:
            user: who reacts.
            message: to what.
            emoji_type: such as ``THUMBSUP`` (表情文案说明).

        Raises:
            ValueError: the message was recalled, or the user is not in its chat.
        """
        self.member(self.chat_of(message), user)
        held = self.world.reactions.setdefault(message.message_id, [])
        if any(_is_theirs(each, user, emoji_type) for each in held):
            return
        operator = {"operator_id": user.open_id, "operator_type": "user"}
        reaction = {"reaction_id": new_id("ZCaCIjUBVVWSrm5L"), "operator": operator}
        now = str(self.world.now_ms())
        held.append({**reaction, "action_time": now, "reaction_type": {"emoji_type": emoji_type}})
        await self._reacted("im.message.reaction.created_v1", user, message, emoji_type, now)

    async def unreact(self, user: User, message: Message, emoji_type: str) -> None:
        """A user takes a reaction back: ``im.message.reaction.deleted_v1`` (删除消息表情回复).

        Raises:
            ValueError: this user has no such reaction there.
        """
        held = self.world.reactions.get(message.message_id, [])
        theirs = next((each for each in held if _is_theirs(each, user, emoji_type)), None)
        if theirs is None:
            raise ValueError(f"{user.name} did not react with {emoji_type} to this message")
        held.remove(theirs)
        await self._reacted("im.message.reaction.deleted_v1", user, message, emoji_type, str(self.world.now_ms()))

    async def _reacted(self, event: str, user: User, message: Message, emoji_type: str, at: str) -> None:
        fields = {"message_id": message.message_id, "reaction_type": {"emoji_type": emoji_type}}
        fields |= {"operator_type": "user", "action_time": at}
        chat = self.chat_of(message)
        await self.tell(chat.apps, event, lambda app: {**fields, "user_id": user_ids(user, app)}, chat.tenant_key)
        await self.world.show(message)

    async def edit(self, user: User, message: Message, content: str | dict[str, Any]) -> None:
        """A user edits a text or rich text; Feishu has no event for it, and reading the message shows the new content.

        Raises:
            ValueError: not their message, not a text, recalled, or edited 20 times already (编辑消息).
        """
        chat = self.chat_of(message)
        if message.sender_id != user.open_id or message.msg_type not in ("text", "post"):
            raise ValueError("people edit texts and rich texts of their own only")
        if message.edits >= MAX_EDITS:
            raise ValueError(f"a message can be edited {MAX_EDITS} times")
        mentions: list[dict[str, Any]] = []
        if isinstance(content, str):
            app = next((self.world.apps[each] for each in chat.apps), None)
            content = {"text": self._with_mentions(as_typed(content), app, mentions)}
        message.mentions, message.edits = mentions, message.edits + 1
        await self.world.change_content(message, json.dumps(content, ensure_ascii=False))

    async def recall(self, user: User, message: Message) -> None:
        """A user recalls a message: ``im.message.recalled_v1`` (撤回消息); an owner or manager of a group any message.

        Raises:
            ValueError: it is not theirs to recall, or already recalled.
        """
        chat = self.chat_of(message)
        kind = None
        if message.sender_id == user.open_id:
            kind = "message_owner"
        elif chat.mode != "p2p" and user.open_id in (chat.owner_id, *chat.managers):
            kind = "group_owner" if user.open_id == chat.owner_id else "group_manager"
        if kind is None:
            raise ValueError("people recall their own messages; owners and managers of a group those of others too")
        message.deleted = True
        body = {"message_id": message.message_id, "chat_id": chat.chat_id, "recall_type": kind}
        body["recall_time"] = str(self.world.now_ms())
        await self.tell(chat.apps, "im.message.recalled_v1", lambda _: body, chat.tenant_key)
        await self.world.show(message)

    async def read(self, user: User, chat: Chat) -> None:
        """A user reads a chat to its end: in a bot's private chat ``im.message.message_read_v1`` (消息已读).

        Raises:
            ValueError: the user is not in this chat.
        """
        self.member(chat, user)
        before = chat.read_to.get(user.open_id, 0)
        new = [each for each in self.world.history(chat.chat_id, after=before) if each.sender_id != user.open_id]
        if not new:
            return
        chat.read_to[user.open_id] = self.world.last_number
        for each in new:
            each.read_by[user.open_id] = self.world.now_ms()
        self.world.feed.add("chat", chat.chat_id)
        read = [each.message_id for each in new if each.sender_type == "app" and not each.deleted]
        if chat.mode != "p2p" or not read:
            return
        reader = {"read_time": str(self.world.now_ms()), "tenant_key": user.tenant_key}

        def body(app: App) -> dict[str, Any]:
            return {"reader": {**reader, "reader_id": user_ids(user, app)}, "message_id_list": read}

        await self.tell(chat.apps, "im.message.message_read_v1", body, chat.tenant_key)


def _is_theirs(reaction: dict[str, Any], user: User, emoji_type: str) -> bool:
    by, kind = reaction["operator"]["operator_id"], reaction["reaction_type"]["emoji_type"]
    return by == user.open_id and kind == emoji_type
