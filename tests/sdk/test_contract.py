"""Our wire against the installed SDK's: when a release moves a name or number, the failing line names it."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from nonebot_adapter_feishu_ws.transport import wire
from nonebot_adapter_feishu_ws.transport.frame import Frame, decode, encode_ack, encode_ping

const = pytest.importorskip("lark_oapi.ws.const")
enum = pytest.importorskip("lark_oapi.ws.enum")
pbbp2 = pytest.importorskip("lark_oapi.ws.pb.pbbp2_pb2")
client = pytest.importorskip("lark_oapi.ws.client")


def schema(message) -> dict:
    return {
        field.name: (field.number, field.type, field.label if hasattr(field, "label") else None)
        for field in message.DESCRIPTOR.fields
    }


def ours(message) -> dict:
    labels = {True: FieldDescriptor.LABEL_REPEATED, False: FieldDescriptor.LABEL_OPTIONAL}
    return {
        field.name: (
            field.number,
            field.type,
            FieldDescriptor.LABEL_REQUIRED if field.is_required else labels[field.is_repeated],
        )
        for field in message.DESCRIPTOR.fields
    }


def test_the_frame_schema():
    assert ours(Frame) == schema(pbbp2.Frame)


def test_the_header_schema():
    header = Frame.DESCRIPTOR.fields_by_name["headers"].message_type
    labels = {field.name: (field.number, field.type) for field in header.fields}
    assert labels == {name: value[:2] for name, value in schema(pbbp2.Header).items()}


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("ENDPOINT_PATH", "GEN_ENDPOINT_URI"),
        ("QUERY_SERVICE_ID", "SERVICE_ID"),
        ("QUERY_DEVICE_ID", "DEVICE_ID"),
        *((f"HEADER_{key}",) * 2 for key in ("TYPE", "MESSAGE_ID", "SUM", "SEQ", "TRACE_ID", "BIZ_RT")),
        *((f"HEADER_HANDSHAKE_{key}",) * 2 for key in ("STATUS", "MSG", "AUTH_ERRCODE")),
        ("CODE_OK", "OK"),
        ("CODE_SYSTEM_BUSY", "SYSTEM_BUSY"),
        ("CODE_FORBIDDEN", "FORBIDDEN"),
        ("CODE_AUTH_FAILED", "AUTH_FAILED"),
        ("CODE_INTERNAL_ERROR", "INTERNAL_ERROR"),
        ("CODE_NO_CREDENTIAL", "NO_CREDENTIAL"),
        ("CODE_CONNECTION_LIMIT", "EXCEED_CONN_LIMIT"),
    ],
)
def test_names_and_codes(name, theirs):
    assert getattr(wire, name) == getattr(const, theirs)


def test_the_sdk_knows_no_name_that_we_do_not():
    known = {value for name, value in vars(wire).items() if name.isupper()}
    theirs = {name: value for name, value in vars(const).items() if name.isupper()}
    assert {name: value for name, value in theirs.items() if value not in known} == {}


def test_frame_and_message_types():
    assert {item.value for item in enum.FrameType} == {0, 1}
    assert {item.value for item in enum.MessageType} == {
        wire.TYPE_EVENT,
        wire.TYPE_CARD,
        wire.TYPE_PING,
        wire.TYPE_PONG,
    }


def test_our_ping_is_the_sdks_ping_to_the_byte():
    assert encode_ping(33554678) == client._new_ping_frame(33554678).SerializeToString()


def test_frames_of_either_side_are_read_by_the_other():
    theirs = pbbp2.Frame()
    theirs.SeqID, theirs.LogID, theirs.service, theirs.method = 1, 2**63, 3, 1
    theirs.payload, theirs.LogIDNew, theirs.payload_type = b"\x00\xffpayload", "log", "json"
    for key, value in {"type": "event", "message_id": "m", "trace_id": "t", "sum": "1", "seq": "0"}.items():
        header = theirs.headers.add()
        header.key, header.value = key, value
    frame = decode(theirs.SerializeToString())
    assert frame.SerializeToString() == theirs.SerializeToString()
    back = pbbp2.Frame()
    back.ParseFromString(encode_ack(frame, code=200, biz_rt=5))
    assert (back.SeqID, back.LogID, back.LogIDNew, back.payload) == (1, 2**63, "log", b'{"code":200}')
    assert [(h.key, h.value) for h in back.headers][-1] == ("biz_rt", "5")


@pytest.mark.fault(36)
def test_a_drift_is_named(monkeypatch: pytest.MonkeyPatch, saw):
    """Against an SDK that renames a header and has a new one."""
    monkeypatch.setattr(const, "HEADER_SUM", "total")
    monkeypatch.setattr(const, "HEADER_NEW", "brand-new", raising=False)
    with pytest.raises(AssertionError) as renamed:
        test_names_and_codes("HEADER_SUM", "HEADER_SUM")
    with pytest.raises(AssertionError, match="HEADER_NEW") as added:
        test_the_sdk_knows_no_name_that_we_do_not()
    lines = [str(caught.value).splitlines()[0] for caught in (renamed, added)]
    saw(f'the SDK renames HEADER_SUM and adds HEADER_NEW, the contract says: "{lines[0]}", "{lines[1]}"')
