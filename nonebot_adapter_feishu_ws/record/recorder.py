"""Writes a bot's traffic to a file, from a thread of its own; the loops only put it into a queue."""

import json
import os
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from nonebot.matcher import matchers
from nonebot.rule import CommandRule, FullmatchRule, ShellCommandRule, StartswithRule
from pydantic import SecretStr
from pydantic_core import to_json
from typing_extensions import override

from ..api.client import ApiClient
from ..api.http import CallOptions
from ..config import Config
from ..event.envelope import Envelope, Receipt
from ..exception import ActionFailed, NetworkError
from ..intake.receiver import Receiver
from ..logs import LogOnce, log
from ..net.bounded_json import as_object, is_list, is_object, read_object
from .fields import known_names, known_segments
from .scrub import Scrubber

START = '{"kind": "start"'
"""How the file of a recording begins; no other file is overwritten."""
VERSION = 1
MAX_WAITING = 10_000
SHORTEST = 6
"""Characters of a secret: shorter settings are ``true`` and the like."""
MAX_BYTES = 256 * 1024 * 1024
_SECRET = ("secret", "token", "password", "passwd", "_key", "apikey", "credential", "cookie", "dsn", "ticket")


class Seen(NamedTuple):
    """A piece of traffic, at monotonic seconds; ``fields`` are scrubbed by the thread."""

    kind: str
    at: float
    app_id: str
    fields: dict[str, Any]


class Recorder:
    """One recording. What does not fit into the queue or the file is counted, and left out."""

    def __init__(
        self, config: Config, settings: Mapping[str, Any], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare a recording; nothing is opened yet.

        Args:
            config: has the file's path.
            settings: everything that the bot's process was configured with, for the secrets in it.
            clock: monotonic seconds.
        """
        assert config.feishu_record is not None
        self.path: Path = config.feishu_record
        self._config = config
        self._settings = settings
        self._clock = clock
        self._queue: queue.Queue[Seen | None] = queue.Queue(MAX_WAITING)  # None ends it
        self._thread: threading.Thread | None = None
        self._dropped = 0
        self._reported = LogOnce()
        self.make_receiver: Callable[..., Receiver] = partial(_RecordingReceiver, self)
        self.make_client: Callable[..., ApiClient] = partial(_RecordingClient, self)

    def start(self) -> None:
        """Open the file, and write from now on; the plugins are loaded. Without a file the bots run all the same."""
        try:
            handle = _open(self.path)
        except OSError as error:
            reason = error.strerror or error
            log("ERROR", "Nothing is recorded: FEISHU_RECORD names {}, {}. Name another file", self.path, reason)
            return
        commands = commands_of_matchers()
        secrets = {*secrets_in(self._settings), *secrets_in(os.environ), *_own_secrets(self._config)}
        log("WARNING", "FEISHU_RECORD is on: what the bots receive and send goes to {}, without its content", self.path)
        self._thread = threading.Thread(
            target=self._run, args=(handle, secrets, commands), name="feishu-record", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and close the file."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(10)
            self._thread = None

    def add(self, kind: str, app_id: str, **fields: Any) -> None:
        """Record something; from any thread."""
        if self._thread is None:
            return
        try:
            self._queue.put_nowait(Seen(kind, self._clock(), app_id, fields))
        except queue.Full:
            self._dropped += 1

    # The thread

    def _run(self, handle: int, secrets: Iterable[str], commands: Iterable[str]) -> None:
        scrubber = Scrubber(
            names=known_names(),
            segments=known_segments(),
            secrets=secrets,
            commands=commands,
            keep=self._config.feishu_record_keep,
            keep_text=self._config.feishu_record_text,
        )
        written, began = 0, None
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                written += file.write(f'{START}, "version": {VERSION}}}\n')
                while (seen := self._queue.get()) is not None:
                    began = seen.at if began is None else began
                    try:
                        line = _line(seen, began, scrubber)
                    except Exception as error:  # noqa: BLE001 - one odd payload must not end the recording
                        self._dropped += 1
                        if self._reported.first(seen.kind):
                            # Not its words, which may name what the recording must not have.
                            text = "Left out of the recording: {} of a kind that it cannot read ({}; logged once)"
                            log("WARNING", text, seen.kind, type(error).__name__)
                        continue
                    if written + len(line) * 3 > MAX_BYTES:
                        self._dropped += 1
                        continue
                    written += len(line.encode("utf-8", "replace"))
                    file.write(line)
                    if self._queue.empty():
                        file.flush()
                file.write(f'{{"kind": "end", "dropped": {self._dropped}}}\n')
        except OSError as error:
            log("ERROR", "The recording {} ends here: it cannot be written: {}", self.path, error.strerror)
            self._thread = None


class _RecordingReceiver(Receiver):
    def __init__(self, recorder: Recorder, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self._recorder = recorder

    @override
    async def receive(self, envelope: Envelope) -> Receipt:
        self._recorder.add("event", envelope.bot_id, via=envelope.transport, payload=envelope.payload)
        receipt = await super().receive(envelope)
        if receipt.data is not None:
            self._recorder.add("answer", envelope.bot_id, payload=receipt.data)
        return receipt


class _RecordingClient(ApiClient):
    def __init__(self, recorder: Recorder, *, app_id: str, **options: Any) -> None:
        super().__init__(app_id=app_id, **options)
        self._recorder = recorder
        self._id = app_id

    @override
    async def call(self, path: str, *, method: str = "GET", **data: Unpack[CallOptions]) -> Any:
        try:
            answer = await super().call(path, method=method, **data)
        except ActionFailed as error:
            self._seen(path, method, data, error.status_code, error.body)
            raise
        except NetworkError:
            self._seen(path, method, data, 0, None)
            raise
        self._seen(path, method, data, 200, answer)
        return answer

    def _seen(self, path: str, method: str, data: CallOptions, status: int, answer: Any) -> None:
        params, body = data.get("params") or data.get("query"), data.get("json") or data.get("body")
        # As text, since its owner may go on changing it.
        fields = {
            "path": path,
            "method": method.upper(),
            "status": status,
            "query": to_json(dict(params) if params else {}, fallback=str),
            "json": to_json(body or data.get("data") or {}, fallback=str),
            "answer": to_json(answer, fallback=str) if is_object(answer) else b"{}",
        }
        self._recorder.add("rest", self._id, **fields)


def _line(seen: Seen, began: float, scrubber: Scrubber) -> str:
    made: dict[str, Any] = {"kind": seen.kind, "at": round(seen.at - began, 3), "app": scrubber.fake_id(seen.app_id)}
    for name, value in seen.fields.items():
        if isinstance(value, bytes):
            made[name] = scrubber.value(as_object(read_object(value)))
        else:
            made[name] = scrubber.path(value) if name == "path" else value
    return json.dumps(made, ensure_ascii=False) + "\n"


def _open(path: Path) -> int:
    """A file that only its owner can read; an earlier recording is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        with path.open("rb") as file:
            if not START.encode().startswith(file.read(len(START))):
                raise OSError(0, "which is no recording, and stays as it is")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    path.chmod(0o600)  # an earlier recording may have been given other rights since
    os.ftruncate(handle, 0)
    return handle


def commands_of_matchers() -> frozenset[str]:
    """The words that commands and the like begin with, as the plugins registered them."""
    words = set[str]()
    for row in list(matchers.values()):
        for rule in (each.call for matcher in row for each in matcher.rule.checkers):
            if isinstance(rule, (CommandRule, ShellCommandRule)):
                words |= {command[0] for command in rule.cmds}
            elif isinstance(rule, (StartswithRule, FullmatchRule)):
                words |= {*rule.msg}
    return _with_starts(words)


def _with_starts(words: Collection[str]) -> frozenset[str]:
    starts = ("", "/", "!", "！", ".", "。", "#")
    return frozenset(f"{start}{word}" for word in words for start in starts if word)


def secrets_in(settings: Mapping[str, Any]) -> set[str]:
    """The texts below every setting whose name says that it is secret, and the passwords in URLs."""
    found = {text for key, value in settings.items() for text in _found(value, _names_secret(key))}
    return {text for text in found if len(text) >= SHORTEST}


def _names_secret(key: object) -> bool:
    return str(key).lower().endswith(_SECRET) or any(each in str(key).lower() for each in ("secret", "token", "passw"))


def _found(value: object, secret: bool) -> Iterable[str]:
    if isinstance(value, SecretStr):
        value, secret = value.get_secret_value(), True
    if isinstance(value, str):
        if secret:
            yield value
        elif "://" in value and "@" in value:
            yield value.partition("://")[2].rpartition("@")[0].partition(":")[2]
    elif is_object(value):
        for key, each in value.items():
            if secret:
                yield key
            yield from _found(each, secret or _names_secret(key))
    elif is_list(value):
        for each in value:
            yield from _found(each, secret)


def _own_secrets(config: Config) -> set[str]:
    found = set(config.feishu_management_tokens)
    for bot in config.feishu_bots:
        found |= secrets_in(dict(bot))
    return found | secrets_in({"store": config.feishu_store})
