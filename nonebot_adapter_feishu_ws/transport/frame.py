"""Frames of the long connection: protobuf, headers, acks, fragments. Pure: no I/O.

The schema is declared here on the ``protobuf`` package, whose C parser is some thirty times faster than the pure
Python copy inside the SDK. A descriptor pool of its own avoids a clash with the SDK's registration.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from .wire import (
    ACK_OK,
    HEADER_BIZ_RT,
    HEADER_MESSAGE_ID,
    HEADER_SEQ,
    HEADER_SUM,
    HEADER_TRACE_ID,
    HEADER_TYPE,
    TYPE_PING,
)

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer
    from google.protobuf.message import Message

    class Header(Message):
        key: str
        value: str

    class Frame(Message):
        """``pbbp2.Frame``: one binary WebSocket message (SDK: ``lark_oapi/ws/pb/pbbp2_pb2.py``)."""

        SeqID: int
        LogID: int
        service: int
        method: int
        headers: RepeatedCompositeFieldContainer[Header]
        payload_encoding: str
        payload_type: str
        payload: bytes
        LogIDNew: str


CONTROL: Final = 0
DATA: Final = 1
MAX_FRAGMENTS: Final = 1024

_PACKAGE: Final = "pbbp2"
_SCHEMA: Final = {
    "Header": (
        ("key", Field.TYPE_STRING, Field.LABEL_REQUIRED),
        ("value", Field.TYPE_STRING, Field.LABEL_REQUIRED),
    ),
    "Frame": (
        ("SeqID", Field.TYPE_UINT64, Field.LABEL_REQUIRED),
        ("LogID", Field.TYPE_UINT64, Field.LABEL_REQUIRED),
        ("service", Field.TYPE_INT32, Field.LABEL_REQUIRED),
        ("method", Field.TYPE_INT32, Field.LABEL_REQUIRED),
        ("headers", Field.TYPE_MESSAGE, Field.LABEL_REPEATED),
        ("payload_encoding", Field.TYPE_STRING, Field.LABEL_OPTIONAL),
        ("payload_type", Field.TYPE_STRING, Field.LABEL_OPTIONAL),
        ("payload", Field.TYPE_BYTES, Field.LABEL_OPTIONAL),
        ("LogIDNew", Field.TYPE_STRING, Field.LABEL_OPTIONAL),
    ),
}


def _build_frame_class() -> type[Frame]:
    file = FileDescriptorProto(name="nonebot_adapter_feishu_ws/frame.proto", package=_PACKAGE, syntax="proto2")
    for message_name, fields in _SCHEMA.items():
        message = file.message_type.add(name=message_name)
        for number, (name, type_, label) in enumerate(fields, start=1):
            descriptor = message.field.add(name=name, number=number, type=type_, label=label)
            if type_ == Field.TYPE_MESSAGE:
                descriptor.type_name = f".{_PACKAGE}.Header"
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Frame"))  # pyright: ignore[reportReturnType]


if not TYPE_CHECKING:
    Frame = _build_frame_class()


class FrameError(ValueError):
    """Not a frame, or a frame without the fields that its kind requires."""


def decode(data: bytes, *, complete: bool = True) -> Frame:
    """Parse one binary WebSocket message.

    Args:
        data: the message.
        complete: refuse a frame without its required fields; otherwise they are zero, as proto3 clients mean it.

    Raises:
        FrameError: the bytes are not a ``pbbp2.Frame``, or not a complete one.
    """
    frame = Frame()
    try:
        frame.ParseFromString(data)
    except DecodeError as error:
        raise FrameError(f"not a pbbp2.Frame ({len(data)} bytes): {error}") from error
    if complete and not frame.IsInitialized():
        raise FrameError(f"a pbbp2.Frame without its required fields ({len(data)} bytes)")
    return frame


def get_header(frame: Frame, key: str) -> str | None:
    """Value of the first header named ``key``, or None."""
    for header in frame.headers:
        if header.key == key:
            return header.value
    return None


def encode_ping(service_id: int) -> bytes:
    """Encode the application-level ping for the service of the connection URL."""
    frame = Frame(SeqID=0, LogID=0, service=service_id, method=CONTROL)
    frame.headers.add(key=HEADER_TYPE, value=TYPE_PING)
    return frame.SerializeToString()


def encode_ack(frame: Frame, *, code: int = ACK_OK, data: bytes | None = None, biz_rt: int = 0) -> bytes:
    """Turn a received DATA frame into its ack; changes the frame, since the ack is that frame with another payload.

    Args:
        frame: the received frame.
        code: 200, or 500 to have the event pushed again.
        data: JSON that answers a callback (a card's toast or new content).
        biz_rt: milliseconds spent on the event.
    """
    frame.headers.add(key=HEADER_BIZ_RT, value=str(biz_rt))
    if data is None:
        frame.payload = b'{"code":%d}' % code
    else:
        frame.payload = b'{"code":%d,"data":"%b"}' % (code, base64.b64encode(data))
    return frame.SerializeToString()


@dataclass(frozen=True, slots=True)
class DataHeaders:
    """Parsed headers of a DATA frame."""

    type: str
    message_id: str
    trace_id: str
    sum: int
    seq: int


def read_data_headers(frame: Frame) -> DataHeaders:
    """Parse and check the headers of a DATA frame.

    Raises:
        FrameError: ``sum``/``seq`` are not numbers or do not fit, or a fragment has no ``message_id``.
    """
    headers = {header.key: header.value for header in frame.headers}
    raw_sum, raw_seq = headers.get(HEADER_SUM) or "1", headers.get(HEADER_SEQ) or "0"
    try:
        total, seq = int(raw_sum), int(raw_seq)
    except ValueError:
        raise FrameError(f"sum={raw_sum[:20]!r} seq={raw_seq[:20]!r} are not numbers") from None
    message_id = headers.get(HEADER_MESSAGE_ID) or ""
    if total > 1:
        if total > MAX_FRAGMENTS:
            raise FrameError(f"sum={total} is over the bound of {MAX_FRAGMENTS} fragments")
        if not 0 <= seq < total:
            raise FrameError(f"seq={seq} does not fit sum={total}")
        if not message_id:
            raise FrameError("a fragment without message_id cannot be joined")
    return DataHeaders(
        type=headers.get(HEADER_TYPE) or "",
        message_id=message_id,
        trace_id=headers.get(HEADER_TRACE_ID) or "",
        sum=total,
        seq=seq,
    )


@dataclass(slots=True)
class _Partial:
    total: int
    expires_at: float
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


@dataclass(slots=True)
class FragmentBuffer:
    """Joins the fragments of payloads, bounded in messages, bytes and time.

    What is incomplete after ``ttl`` seconds is dropped; since only complete payloads are acked, the platform
    then pushes the event again.
    """

    max_messages: int = 64
    max_bytes: int = 32 * 1024 * 1024
    ttl: float = 10.0
    clock: Callable[[], float] = time.monotonic
    dropped: int = 0
    """How many incomplete payloads were dropped so far."""
    _partials: dict[str, _Partial] = field(default_factory=dict[str, _Partial])
    _size: int = 0

    def add(self, message_id: str, total: int, seq: int, payload: bytes) -> bytes | None:
        """Add one fragment; returns the whole payload when it was the last one missing, else None."""
        now = self.clock()
        while self._partials and next(iter(self._partials.values())).expires_at <= now:
            self._drop(next(iter(self._partials)))
        partial = self._partials.get(message_id)
        if partial is not None and partial.total != total:
            self._drop(message_id)
            partial = None
        if partial is None:
            partial = self._partials[message_id] = _Partial(total, now + self.ttl)
        if seq not in partial.parts:
            partial.parts[seq] = payload
            self._size += len(payload)
        if len(partial.parts) == total:
            self._remove(message_id)
            return b"".join(partial.parts[number] for number in range(total))
        while len(self._partials) > self.max_messages or self._size > self.max_bytes:
            self._drop(next(iter(self._partials)))
        return None

    def _drop(self, message_id: str) -> None:
        self._remove(message_id)
        self.dropped += 1

    def _remove(self, message_id: str) -> None:
        self._size -= sum(map(len, self._partials.pop(message_id).parts.values()))
