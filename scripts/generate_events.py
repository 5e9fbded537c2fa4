"""Writes ``nonebot_adapter_feishu_ws/event/generated/`` from the event models of the installed lark-oapi.

    python scripts/generate_events.py [--output FOLDER]

The SDK's dispatcher says which events there are, its classes say which fields they have (it documents none). Types
with a class written by hand (``event/catalog.py``) get their body here and nothing else.
"""

from __future__ import annotations

import argparse
import inspect
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args, get_origin

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nonebot_adapter_feishu_ws" / "event" / "generated"
PHRASES = Path(__file__).with_name("event_phrases.tsv")

NAMES = {
    "drive.file.edit_v1": "DriveFileEditedEvent",
    "security_and_compliance.device_apply_record.device_apply_event_v2": "SecurityDeviceApplyEvent",
    "security_and_compliance.device_record.device_change_event_v2": "SecurityDeviceChangeEvent",
    "vc.meeting.join_meeting_v1": "VCMeetingJoinedEvent",
    "vc.meeting.leave_meeting_v1": "VCMeetingLeftEvent",
}
"""Names that do not follow from the event type: the existing NoneBot adapter's, and what would be too long."""

ACRONYMS = {"vc": "VC", "p2p": "P2P", "id": "ID"}

FIELDS = {
    ("CallBackAction", "value"): "value: Any = None",  # an object, or a string in cards of the second version
    ("CardActionEventDetail", "token"): 'token: str = Field(default="", repr=False)',
    ("DriveFileEditedEventDetail", "subscriber_id_list"): (
        "subscriber_id_list: list[UserId] = Field(default_factory=list[UserId])"
    ),
    # text on the wire and in the existing adapter, numbers in the SDK, which checks nothing
    ("MeetingEventMeeting", "start_time"): 'start_time: str = ""',
    ("MeetingEventMeeting", "end_time"): 'end_time: str = ""',
    ("VCMeetingRecordingReadyEventDetail", "duration"): 'duration: str = ""',
}
"""Fields that the SDK gets wrong, does not know, or that must not be shown."""

ID = re.compile(r"(^|_)ids?$")
"""Ids are texts, also where the SDK says that they are numbers: the platform writes 64-bit numbers as texts."""

USER_ID = {"open_id", "user_id", "union_id"}


@dataclass(frozen=True)
class Phrase:
    """What an event means, in a few words."""

    english: str
    chinese: str


def read_phrases(path: Path = PHRASES) -> dict[str, Phrase]:
    """Event type -> phrase; the table is written by hand."""
    lines = path.read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {event_type: Phrase(english, chinese) for event_type, english, chinese in rows}


def sdk_events() -> dict[str, type]:
    """Event type -> the SDK's class of the body, for all that its dispatcher can take."""
    from lark_oapi.event.dispatcher_handler import EventDispatcherHandlerBuilder

    builder = EventDispatcherHandlerBuilder("", "")
    for name, register in inspect.getmembers(builder, inspect.ismethod):
        if name.startswith("register_p2_") and name != "register_p2_customized_event":
            register(lambda _: None)
    processors = {**builder._processorMap, **builder._callback_processor_map}
    return {key.removeprefix("p2."): processors[key].type()._types["event"] for key in sorted(processors)}


def event_names(event_types: Iterable[str]) -> dict[str, str]:
    """Event type -> class name; of several versions the first one has the plain name."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for event_type in sorted(event_types):
        stem, _, number = re.fullmatch(r"(.+?)(_v(\d+))?", event_type).groups()
        words = _camel(stem).removesuffix("Event")
        name = NAMES.get(event_type) or f"{words}Event"
        if name in taken:
            name = f"{words}V{number}Event"
        taken.add(name)
        names[event_type] = name
    return names


def _camel(stem: str) -> str:
    parts = stem.split(".")
    if len(parts) > 1 and parts[0] == parts[1]:
        del parts[0]
    words = re.split(r"[._]", ".".join(parts))
    words = [word for before, word in zip(["", *words], words, strict=False) if word != before]
    return "".join(ACRONYMS.get(word, word.capitalize()) for word in words)


@dataclass
class Domain:
    """One module: the classes of a Feishu domain, each after those that it needs."""

    name: str
    classes: dict[type, str] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)

    def add_event(self, event_type: str, body: type, name: str, phrase: Phrase | None, *, by_hand: bool) -> None:
        """Write an event with what it needs; only its body when the event itself is written by hand."""
        detail = f"{name}Detail"
        self.classes[body] = detail
        self._add_body(body, f"``event`` of :class:`{name}`." if by_hand else None)
        if by_hand:
            return
        words = f"{phrase.english} ({phrase.chinese})." if phrase else f"``{event_type}``."
        self.blocks.append(
            f'class {name}(NoticeEvent):\n    """{words}"""\n\n    __event__: ClassVar[str] = "{event_type}"\n\n'
            f"    event: {detail} = Field(default_factory={detail})\n"
        )

    def _add_body(self, body: type, words: str | None = None) -> None:
        name = self.classes[body]
        lines = [self._field(name, key, kind) for key, kind in body._types.items()]
        lines += [code for (owner, key), code in FIELDS.items() if owner == name and key not in body._types]
        if words or not lines:
            lines.insert(0, f'"""{words or "No fields are known."}"""\n')
        self.blocks.append("\n    ".join([f"class {name}(Detail):", *lines]) + "\n")

    def _field(self, owner: str, key: str, kind: Any) -> str:
        if (owner, key) in FIELDS:
            return FIELDS[owner, key]
        code = self._type(kind)
        if ID.search(key):
            code = code.replace("int", "str")
        if code == "str":
            return f'{key}: str = ""'
        if code == "Any":
            return f"{key}: Any = None"
        if code in ("int", "float", "bool"):
            return f"{key}: {code} | None = None"
        return f"{key}: {code} = Field(default_factory={code})"

    def _type(self, kind: Any) -> str:
        if get_origin(kind) is list:
            return f"list[{self._type(get_args(kind)[0])}]"
        if get_origin(kind) is dict:
            return "dict[{}, {}]".format(*map(self._type, get_args(kind)))
        if kind is Any:
            return "Any"
        return self._class(kind) if hasattr(kind, "_types") else kind.__name__

    def _class(self, kind: type) -> str:
        if kind.__name__ == "UserId" and set(kind._types) == USER_ID:
            return "UserId"
        if kind not in self.classes:
            twins = [other for other in self.classes if self.classes[other] == kind.__name__]
            if any(other._types.keys() != kind._types.keys() for other in twins):
                raise NotImplementedError(f"{kind.__module__}: two different classes are named {kind.__name__}")
            self.classes[kind] = kind.__name__
            if not twins:
                self._add_body(kind)
        return self.classes[kind]

    def source(self) -> str:
        """The module's code, not yet formatted."""
        body = "\n\n".join(self.blocks)
        typing = [name for name in ("Any", "ClassVar") if re.search(rf"(: |\[|, ){name}\b", body)]
        base = [name for name in ("Detail", "NoticeEvent", "UserId") if re.search(rf"[\[( ]{name}\b", body)]
        imports = ["from __future__ import annotations\n"]
        imports += [f"from typing import {', '.join(typing)}\n"] if typing else []
        imports += ["from pydantic import Field\n"] if "Field(" in body else []
        imports += [f"from ..base import {', '.join(base)}\n"]
        return "\n".join([header(f"Events of the domain ``{self.name}``."), *imports, "", body])


def header(words: str) -> str:
    """The docstring of a generated module."""
    origin = f"Generated by scripts/generate_events.py from lark-oapi {version('lark-oapi')}; not edited by hand."
    return f'"""{words}\n\n{origin}\n"""\n'


def generate() -> Iterator[tuple[str, str]]:
    """File name and code of every module."""
    sys.path.insert(0, str(ROOT))
    from nonebot_adapter_feishu_ws.event.catalog import BY_HAND

    bodies, phrases = sdk_events(), read_phrases()
    names = event_names(bodies)
    domains: dict[str, Domain] = {}
    table: dict[str, str] = {}
    for event_type, body in bodies.items():
        if event_type == "im.message.receive_v1":
            continue  # messages have classes of their own, event/message.py
        by_hand = event_type in BY_HAND
        name = BY_HAND[event_type][1] if by_hand else names[event_type]
        domain = domains.setdefault(event_type.split(".")[0], Domain(event_type.split(".")[0]))
        domain.add_event(event_type, body, name, phrases.get(event_type), by_hand=by_hand)
        if not by_hand:
            table[event_type] = name
    for domain in domains.values():
        yield f"{domain.name}.py", domain.source()
    rows = "".join(f'"{event_type}": "{name}",\n' for event_type, name in table.items())
    yield (
        "__init__.py",
        f"{header('Event type -> class; the module is the first word of the type.')}\n"
        f"from typing import Final\n\nEVENTS: Final[dict[str, str]] = {{\n{rows}}}\n",
    )


def main() -> None:
    """Write the modules, formatted; what is no longer generated goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=PACKAGE, help="the folder to write to")
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    modules = dict(generate())
    for old in output.glob("*.py"):
        if old.name not in modules:
            old.unlink()
    for name, code in modules.items():
        (output / name).write_text(code, "utf-8")
    config = ["--config", str(ROOT / "pyproject.toml")]
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", *config, str(output)], check=True)
    print(f"{len(sdk_events())} event types, {len(modules)} modules written to {output}")


if __name__ == "__main__":
    main()
