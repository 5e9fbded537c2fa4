"""What the REST layer and the layers above it need of a bot."""

from __future__ import annotations

from typing import Any, Protocol


class ApiCaller(Protocol):
    """Something with ``call_api``: a bot."""

    async def call_api(self, api: str, **data: Any) -> Any:
        """Call a method by its name (``im.create_message``) or REST path."""
        ...
