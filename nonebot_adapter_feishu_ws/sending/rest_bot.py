"""A bot as ``sending/`` and ``stream/`` see it: REST calls by path, and what every send needs."""

from typing import Any

from nonebot.adapters import Bot as BaseBot
from typing_extensions import override

from ..media.upload import Uploads
from .idempotency import IdempotencyKeys


class RestBot(BaseBot):
    """Base of :class:`Bot`."""

    idempotency_keys: IdempotencyKeys
    """Makes the ``uuid`` of each send."""
    uploads: Uploads
    """Uploads what segments carry; identical content is uploaded only once."""

    @override
    async def call_api(self, api: str, **data: Any) -> Any:
        """Call any REST method of Feishu.

        Args:
            api: the path below ``/open-apis/``, such as ``im/v1/messages``; or the name of a typed method, such as
                ``im.create_message``, whose arguments are then ``data``.
            data: ``method`` (default GET), ``params`` or ``query``, ``json`` or ``body``, ``data``, ``files``,
                ``headers``.

        Returns:
            Feishu's whole body as a dict, or bytes when the answer is a file.

        Raises:
            ActionFailed: Feishu refused; carries code, message and ``log_id``.
            NetworkError: no usable answer came.
        """
        return await super().call_api(api, **data)


def given(**options: Any) -> dict[str, Any]:
    """The options that the caller gave: API hooks see them, so the others are left out."""
    return {key: value for key, value in options.items() if value}
