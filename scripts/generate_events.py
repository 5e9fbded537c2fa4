"""Writes ``nonebot_adapter_feishu_ws/event/generated/`` from the event models of the installed lark-oapi.

    python scripts/generate_events.py [--output FOLDER]

The SDK's dispatcher lists the events, its classes have their fields (it documents none). ``event_phrases.tsv`` has the
words for them, ``event_classes.toml`` the classes that have more than a body, and names those written by hand, which
get only their body here. ``event_bodies.toml`` has the fields of events that the SDK does not know,
``event_people.tsv`` where a body has who acted.
"""

import argparse
import inspect
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args, get_origin

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nonebot_adapter_feishu_ws" / "event" / "generated"
PHRASES = Path(__file__).with_name("event_phrases.tsv")
PEOPLE = Path(__file__).with_name("event_people.tsv")
TABLES = ("event_classes.toml", "event_bodies.toml")
CLASSES: dict[str, Any] = {}
for _table in TABLES:
    CLASSES |= tomllib.loads(Path(__file__).with_name(_table).read_text("utf-8"))
OWN = {entry["type"]: name for name, entry in CLASSES.items() if "type" in entry}
"""Event type -> class, for the types of ``event_classes.toml`` and ``event_bodies.toml``."""
BASES = {"Detail": "base", "NoticeEvent": "base", "UserId": "base", "to_time": ".message.times"}
BASES |= {"ActionValue": "base", "FormValue": "base"}
BASES |= {"GroupNoticeEvent": "chat", "PrivateNoticeEvent": "chat", "escape": "log_text"}
"""What generated modules import from those written by hand."""

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
    ("CallBackAction", "value"): "value: ActionValue = None",
    ("CallBackAction", "form_value"): "form_value: FormValue = Field(default_factory=dict[str, Any])",
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

DOC_WIDTH = 110
"""Columns of a docstring of one line."""

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


def read_people(path: Path = PEOPLE) -> dict[str, dict[str, str]]:
    """Event type -> role (``operator`` or ``person``) -> place in the body; of types without either, nothing."""
    people: dict[str, dict[str, str]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            event_type, role, place, *_ = line.split("\t")
            if role != "none":
                people.setdefault(event_type, {})[role] = place
    return people


def domain_of(event_type: str) -> str:
    """The module of an event's class: its domain; types of the first generation have none."""
    return event_type.partition(".")[0] if "." in event_type else "first"


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


PLACES = read_people()


@dataclass
class Domain:
    """One module: the classes of a Feishu domain, each after those that it needs."""

    name: str
    classes: dict[type, str] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)
    own: set[str] = field(default_factory=set)

    def add_event(self, event_type: str, body: type | None, name: str, phrase: Phrase | None, *, by_hand: bool) -> None:
        """Write an event with what it needs; only its body when the event itself is written by hand."""
        entry = CLASSES.get(name, {})
        if body is not None:
            self.classes[body] = f"{name}Detail"
            self._add_body(body, f"``event`` of :class:`{name}`." if by_hand or entry else None)
        for model, fields in entry.get("models", {}).items():
            words = f'"""``event`` of :class:`{name}`."""\n' if model == f"{name}Detail" else ""
            lines = [words, *(self._declared(key, code) for key, code in fields.items())]
            self.blocks.append("\n    ".join([f"class {model}(Detail):", *filter(None, lines)]) + "\n")
        if by_hand:
            return
        if entry:
            self._add_own(name, phrase)
            return
        words = f"{phrase.english} ({phrase.chinese})." if phrase else f"``{event_type}``."
        self.blocks.append(f'class {name}(NoticeEvent):\n    """{words}"""\n\n{self._typed(event_type, name)}')

    def _typed(self, event_type: str, name: str) -> str:
        roles = PLACES.get(event_type, {})
        places = "".join(f'    __{role}__: ClassVar[str] = "{place}"\n' for role, place in roles.items())
        return (
            f'    __event__: ClassVar[str] = "{event_type}"\n{places}\n'
            f"    event: {name}Detail = Field(default_factory={name}Detail)\n"
        )

    def _add_own(self, name: str, phrase: Phrase | None = None) -> None:
        """Write a class of ``event_classes.toml``, after its base."""
        entry = CLASSES[name]
        parent = entry.get("parent", "NoticeEvent")
        if name in self.own:
            return
        self.own.add(name)
        if parent in CLASSES and "module" not in CLASSES[parent]:
            self._add_own(parent)
        paragraphs = [entry.get("doc") or f"{phrase.english} ({phrase.chinese}, ``{entry['type']}``)."]
        if _width(paragraphs[0]) > DOC_WIDTH:
            paragraphs = [f"{phrase.english}.", f"({phrase.chinese}, ``{entry['type']}``)"]
        if more := entry.get("more"):
            line = f"{paragraphs[0]} {more}"
            paragraphs = [line] if _width(line) <= DOC_WIDTH else [*paragraphs, more]
        words = "\n\n    ".join(paragraphs) + ("\n    " if len(paragraphs) > 1 else "")
        parts = [self._typed(entry["type"], name)] if "type" in entry else []
        if entry.get("to_me"):
            parts.append("    @override\n    def is_tome(self) -> bool:\n        return True\n")
        if "what" in entry:
            parts.append(f"    @override\n    def _what(self) -> str:\n        return {_template(entry['what'])}\n")
        if "description" in entry:
            text = _template(entry["description"])
            parts.append(f"    @override\n    def get_event_description(self) -> str:\n        return escape({text})\n")
        for key, (kind, value, doc) in entry.get("properties", {}).items():
            override = "    @override\n" if key in entry.get("overrides", ()) else ""
            expression = f"self.{value}" if re.fullmatch(r"[\w.]+", value) else value
            if kind == "time":
                kind, expression = "datetime", f"to_time({expression})"
            parts.append(
                f"    @property\n{override}    def {key}(self) -> {kind}:\n"
                f'        """{doc}"""\n        return {expression}\n'
            )
        self.blocks.append(f'class {name}({parent}):\n    """{words}"""\n\n' + "\n".join(parts))

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
        return self._declared(key, code)

    @staticmethod
    def _declared(key: str, code: str) -> str:
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
        code = re.sub(r'"""(.*?)"""', "", body, flags=re.DOTALL)
        uses = [name for name in (*BASES, "Any", "ClassVar", "datetime", "override") if re.search(rf"\b{name}\b", code)]
        typing = [name for name in uses if name in ("Any", "ClassVar")]
        standard = ["from datetime import datetime"] if "datetime" in uses else []
        standard += [f"from typing import {', '.join(typing)}"] if typing else []
        others = ["from pydantic import Field"] if "Field(" in body else []
        others += ["from typing_extensions import override"] if "override" in uses else []
        ours: list[str] = []
        for module in sorted({*BASES.values()}):
            names = [name for name in uses if BASES.get(name) == module]
            ours += [f"from ..{module} import {', '.join(sorted(names))}"] if names else []
        groups = [standard, others, ours]
        imports = "\n\n".join("\n".join(group) for group in groups if group)
        return "\n".join([header(f"Events of the domain ``{self.name}``."), imports, "", body])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "FW" else 1 for char in text)


def _template(text: str) -> str:
    """An f-string, in several lines where it is long."""
    pieces, lines = re.findall(r"(?:\{[^}]*\}|[^{}\s])+\s*", text), [""]
    for piece in pieces:
        if len(lines[-1] + piece) > 90:
            lines.append("")
        lines[-1] += piece
    return " ".join(f'f"{line}"' if "{" in line else f'"{line}"' for line in lines)


def header(words: str) -> str:
    """The docstring of a generated module."""
    origin = f"Generated by scripts/generate_events.py from lark-oapi {version('lark-oapi')}; not edited by hand."
    return f'"""{words}\n\n{origin}\n"""\n'


def generate() -> Iterator[tuple[str, str]]:
    """File name and code of every module."""
    phrases = read_phrases()
    bodies: dict[str, type | None] = {**dict.fromkeys(OWN), **sdk_events()}
    names = event_names(bodies) | OWN
    domains: dict[str, Domain] = {}
    table: dict[str, str] = {}
    for event_type, body in sorted(bodies.items()):
        if event_type == "im.message.receive_v1":
            continue  # messages have classes of their own, event/message.py
        name = names[event_type]
        is_by_hand = "module" in CLASSES.get(name, {})
        if is_by_hand and body is None:
            continue
        domain = domains.setdefault(domain_of(event_type), Domain(domain_of(event_type)))
        domain.add_event(event_type, body, name, phrases.get(event_type), by_hand=is_by_hand)
        if not is_by_hand:
            table[event_type] = name
    for domain in domains.values():
        yield f"{domain.name}.py", domain.source()
    bases = {name: f"generated.{domain.name}" for domain in domains.values() for name in domain.own}
    bases |= {name: entry["module"] for name, entry in CLASSES.items() if "module" in entry}
    bases_rows = "".join(f'"{name}": "{bases[name]}",\n' for name in sorted({*bases} - {*OWN.values()}))
    by_hand = {kind: name for kind, name in OWN.items() if "module" in CLASSES[name]}
    by_hand_rows = "".join(f'"{kind}": ("{bases[name]}", "{name}"),\n' for kind, name in by_hand.items())
    rows = "".join(f'"{event_type}": "{name}",\n' for event_type, name in table.items())
    yield (
        "__init__.py",
        f"{header('Event type -> class; the module is the first word of the type, or `first`.')}\n"
        f"from typing import Final\n\nEVENTS: Final[dict[str, str]] = {{\n{rows}}}\n\n"
        f"BY_HAND: Final[dict[str, tuple[str, str]]] = {{\n{by_hand_rows}}}\n"
        '"""Event type -> module and class of what is written by hand."""\n\n'
        f"BASES: Final[dict[str, str]] = {{\n{bases_rows}}}\n"
        '"""Base class of several event types -> module."""\n',
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
