"""Which endpoint a path belongs to: a tree of its segments, in which a name goes before a parameter."""

from typing import Any, Generic, TypeVar

T = TypeVar("T")
_PARAMETER, _END = "{}", ""


class Paths(Generic[T]):
    """Endpoints by method and path. A trailing slash is nothing, as on Feishu: some clients write one."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, name: str, endpoint: T) -> None:
        """Add one by its name, such as ``GET im/v1/chats/{chat_id}``."""
        method, _, path = name.rstrip("/").partition(" ")
        node, names = self._tree.setdefault(method, {}), list[str]()
        for segment in path.split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                segment = _PARAMETER
            node = node.setdefault(segment, {})
        node[_END] = endpoint, names

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The endpoint of a call, and its parameters; None if there is none."""
        node, values = self._tree.get(method, {}), list[str]()
        for segment in path.removesuffix("/").split("/"):
            if segment and segment in node:
                node = node[segment]
            elif segment and _PARAMETER in node:
                values.append(segment)
                node = node[_PARAMETER]
            else:
                return None
        endpoint, names = node.get(_END, (None, []))
        return None if endpoint is None else (endpoint, dict(zip(names, values, strict=True)))
