"""The elements of rich text, as typed dicts (发送消息内容, post)."""

from typing import Literal

from typing_extensions import TypedDict


class PostMessageNode(TypedDict):
    """An element of rich text."""

    tag: str


class PostMessageNodeStylable(TypedDict, total=False):
    """An element of rich text that can be styled."""

    style: list[Literal["bold", "underline", "lineThrough", "italic"]] | None


class PostText(PostMessageNode, PostMessageNodeStylable):
    """``tag: text``."""

    text: str
    un_escape: bool | None


class PostA(PostMessageNode, PostMessageNodeStylable):
    """``tag: a``."""

    text: str
    href: str


class PostAt(PostMessageNode, PostMessageNodeStylable):
    """``tag: at``."""

    user_id: str
    user_name: str | None


class PostImg(PostMessageNode):
    """``tag: img``."""

    image_key: str


class PostMedia(PostMessageNode):
    """``tag: media``."""

    file_key: str
    image_key: str | None


class PostEmotion(PostMessageNode):
    """``tag: emotion``."""

    emoji_type: str
