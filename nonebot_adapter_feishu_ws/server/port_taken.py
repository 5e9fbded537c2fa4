"""Says last of all, after the server's own lines, why a bot has ended whose port is taken."""

import atexit
import errno
import logging

from typing_extensions import override

from ..log import log

_SERVER = logging.getLogger("uvicorn.error")


class PortWatch(logging.Handler):
    """Sees the error with which uvicorn, which runs NoneBot's ASGI drivers, refuses to start."""

    def start(self) -> None:
        """Listen to the server's log."""
        _SERVER.addHandler(self)

    def stop(self) -> None:
        """Listen no more."""
        _SERVER.removeHandler(self)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        error: object = record.msg
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            atexit.register(_say_why, error.strerror)


def _say_why(reason: str | None) -> None:
    text = "The bot has ended, since its port is taken ({}). Another process listens there, perhaps this bot: "
    log("ERROR", text + "end that one, or set another PORT in .env", reason)
