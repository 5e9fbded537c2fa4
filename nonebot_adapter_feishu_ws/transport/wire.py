"""The long connection's names and numbers, in one table.

Source: the official SDK's ``lark_oapi.ws`` (const, enum, model); a contract test compares this file with the
installed SDK and names every difference.
"""

from typing import Final

ENDPOINT_PATH: Final = "/callback/ws/endpoint"
"""Discovery: ``POST {domain}{ENDPOINT_PATH}`` answers with the URL of one connection."""

QUERY_SERVICE_ID: Final = "service_id"
QUERY_DEVICE_ID: Final = "device_id"

HEADER_TYPE: Final = "type"
HEADER_MESSAGE_ID: Final = "message_id"
HEADER_SUM: Final = "sum"
HEADER_SEQ: Final = "seq"
HEADER_TRACE_ID: Final = "trace_id"
HEADER_BIZ_RT: Final = "biz_rt"

HEADER_HANDSHAKE_STATUS: Final = "handshake-status"
HEADER_HANDSHAKE_MSG: Final = "handshake-msg"
HEADER_HANDSHAKE_AUTH_ERRCODE: Final = "handshake-autherrcode"

TYPE_EVENT: Final = "event"
TYPE_CARD: Final = "card"
TYPE_PING: Final = "ping"
TYPE_PONG: Final = "pong"

CODE_OK: Final = 0
CODE_SYSTEM_BUSY: Final = 1
CODE_FORBIDDEN: Final = 403
CODE_AUTH_FAILED: Final = 514
CODE_INTERNAL_ERROR: Final = 1000040343
CODE_NO_CREDENTIAL: Final = 1000040344
CODE_CONNECTION_LIMIT: Final = 1000040350
CODE_WRONG_DOMAIN: Final = 1000040351

ACK_OK: Final = 200
ACK_FAILED: Final = 500
