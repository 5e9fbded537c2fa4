"""The options of a stream, and the check that there are no others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from typing_extensions import TypedDict

from ..net.waiting import Sleep
from ..sending.option_names import check_names
from ..sending.route import IfRecalled
from ..sending.words import WORDS, Language
from .fallback import MODES
from .modes import ModeName

DEFAULT_PACE: Final = 5.0
MAX_PACE: Final = 10.0
"""Operations per second that Feishu permits on one card (流式更新卡片)."""
STREAMING: Final[Mapping[str, Any]] = {
    "print_frequency_ms": {"default": 30},
    "print_step": {"default": 2},
    "print_strategy": "fast",
}


class StreamOptions(TypedDict, total=False):
    """The options of a stream.

    Attributes:
        title: title of the first card or message.
        reply_message: quote the message that is answered.
        reply_in_thread: open a topic under the message that is answered.
        if_recalled: what becomes of an answer that quotes, or belongs to a topic, when the question is recalled before
            a message is sent: ``"send"`` (default) sends it to the topic or chat, ``"drop"`` does not.
        stop: the text of a button that stops the stream, or True for the usual one; only on cards.
        stop_by: who may press it: ids of persons; by default the one who asked, or everybody where nobody did.
        elapsed: show in the footer how long it took.
        language: of the notes and of what the card says by itself; by default that of the bot.
        pace: updates of one card per second, at most 10 (default 5).
        edit_every: seconds before the first edit where cards are not permitted; the intervals grow.
        modes: the permitted modes, best first (default card, edit, plain).
        error_note: ends the text when an exception leaves the ``async with``; None for nothing.
        cancel_note: the same for a cancelled task.
        stop_note: the same when somebody pressed the button.
        restart_note: the same when the process ends or has died.
        mentions: let the text mention people (default False: a model could notify a whole group).
        upload_pictures: upload the pictures that the text names by URL, at most 20 (default False: links).
        streaming_config: speed of the typewriter effect, as in Feishu's document.
        clock: monotonic seconds, for tests.
        sleep: as :func:`asyncio.sleep`, for tests.
    """

    title: str
    reply_message: bool
    reply_in_thread: bool
    if_recalled: IfRecalled
    stop: str | bool
    stop_by: str | Iterable[str] | None
    elapsed: bool
    language: Language
    pace: float
    edit_every: float
    modes: Sequence[ModeName]
    error_note: str | None
    cancel_note: str | None
    stop_note: str | None
    restart_note: str | None
    mentions: bool
    upload_pictures: bool
    streaming_config: Mapping[str, Any] | None
    clock: Callable[[], float]
    sleep: Sleep


def check_options(options: StreamOptions) -> None:
    """Check the options of a stream.

    Raises:
        TypeError: there is no such option; the text has the one that may be meant.
        ValueError: an option is out of its range.
    """
    if "rungs" in options:
        raise TypeError("rungs= is called modes= now")
    check_names("stream", options, StreamOptions.__annotations__)
    pace = options.get("pace", DEFAULT_PACE)
    modes = options.get("modes", tuple(MODES))
    if not 0 < pace <= MAX_PACE:
        raise ValueError(f"pace must be above 0 and at most {MAX_PACE:g} updates per second, not {pace!r}")
    if (language := options.get("language")) and language not in WORDS:
        raise ValueError(f"language must be one of {', '.join(WORDS)}, not {language!r}")
    if not modes or not set(modes) <= MODES.keys():
        raise ValueError(f"modes must be some of {', '.join(MODES)}, not {modes!r}")
