"""Says last of all, after the server's own lines, why a bot has ended whose address or port cannot be had."""

import atexit
import errno
import logging

from typing_extensions import override

from ..logs import log

_CAUSES = {
    errno.EADDRINUSE: "its port is taken ({}). Another process listens there, perhaps this bot: "
    "end that one, or set another PORT in .env",
    errno.EADDRNOTAVAIL: "its HOST is no address of this machine ({}): set HOST=0.0.0.0 or HOST=127.0.0.1 in .env",
    errno.EACCES: "its port is reserved ({}): set a PORT above 1023 in .env",
}
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
        if isinstance(error, OSError) and (cause := _CAUSES.get(error.errno or 0)):
            atexit.register(_say_why, cause, error.strerror)


def _say_why(cause: str, reason: str | None) -> None:
    log("ERROR", f"The bot has ended, since {cause}", reason)
