"""A request that is answered with an HTTP error."""

from pydantic_core import to_json

JSON_TYPE = "application/json; charset=utf-8"


class Refused(Exception):
    """The request is refused.

    Attributes:
        status: the HTTP status.
        reason: what is wrong with the request, and what to do about it.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    @property
    def body(self) -> bytes:
        """The answer's JSON."""
        return to_json({"success": False, "error": self.reason})
