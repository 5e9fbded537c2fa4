"""One REST call, and how it is refused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ...net.bounded_json import as_list
from ..state import TENANT, App, World
from .endpoint import Endpoint
from .facts import ERRORS
from .limits import Limits


class ApiError(Exception):
    """An answer with an error code."""

    def __init__(self, code: int, msg: str = "", status: int = 0, *, ext: str = "", **error: Any) -> None:
        """Refuse a call.

        Args:
            code: Feishu's code.
            msg: the message; that of Feishu's document if empty.
            status: the HTTP status; that of Feishu's document if 0.
            ext: what the message says in addition.
            error: more of the answer's ``error``.
        """
        known_status, known_msg = ERRORS.get(code, (400, ""))
        self.code = code
        self.msg: str = msg or known_msg
        if ext:
            self.msg = f"{self.msg.removesuffix('.')}, ext={ext}"
        self.status: int = status or known_status
        self.error = error
        super().__init__(self.msg)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form."""

    name: str
    content: bytes


@dataclass(slots=True)
class Call:
    """One authorised REST call.

    Attributes:
        json: the JSON body, or the text fields of a form.
        files: the files of a form by field.
    """

    world: World
    limits: Limits
    app: App
    request: web.Request
    endpoint: Endpoint = field(default_factory=Endpoint)
    json: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, Upload] = field(default_factory=dict[str, Upload])
    tenant_key: str = TENANT

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(self.request.query)

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return self.request.match_info[name]

    def strings(self, name: str) -> list[str]:
        """A list of the body, as texts."""
        return [str(each) for each in as_list(self.json.get(name))]


Handler = Callable[[Call], Awaitable[Any]]
