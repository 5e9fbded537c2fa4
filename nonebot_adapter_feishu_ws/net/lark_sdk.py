"""Lazy access to ``lark_oapi``, the official SDK.

Its import costs seconds and over 100 MB, so nothing here imports it before a plugin asks for it, and then in a
thread. A plugin's own ``import lark_oapi`` works before and after; Python imports a module once.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from ..exception import ApiNotAvailable

if TYPE_CHECKING:
    from lark_oapi import Client

_REQUIREMENT = "lark-oapi>=1.7.0,<2"
_UNUSABLE = (ImportError, AttributeError, TypeError)


async def make_client(
    app_id: str, app_secret: SecretStr, origin: str, *, timeout: float, is_store: bool = False
) -> Client:
    """Import the SDK on first use and build its client for one app.

    The SDK has no setting for a proxy: a bot behind one needs ``HTTPS_PROXY`` in the environment for this client.
    Each call of an ISV app names its tenant (``RequestOption.tenant_key``).

    Raises:
        ApiNotAvailable: the SDK cannot be imported, or its builder has changed; the text says what to do.
    """
    try:
        lark: Any = await asyncio.to_thread(importlib.import_module, "lark_oapi")
        builder = lark.Client.builder().app_id(app_id).app_secret(app_secret.get_secret_value())
        if is_store:
            builder = builder.app_type(lark.AppType.ISV)
        return builder.domain(origin).timeout(timeout).build()
    except _UNUSABLE as error:
        raise _unusable(error) from error


def load_connection_module() -> ModuleType:
    """Load a copy of the SDK's ``ws/client.py`` for one bot; the first import blocks for seconds.

    The module keeps its event loop in a global, so two clients of one copy would share a loop that only one of them
    runs.

    Raises:
        ApiNotAvailable: the SDK cannot be imported; the text says what to do.
    """
    name = "lark_oapi.ws.client"
    try:
        importlib.import_module(name)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            raise ImportError(f"no module {name}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except _UNUSABLE as error:
        raise _unusable(error) from error
    return module


def _unusable(error: Exception) -> ApiNotAvailable:
    return ApiNotAvailable(
        f"the official SDK cannot be used ({type(error).__name__}: {error}); install a version that fits: "
        f"pip install '{_REQUIREMENT}'"
    )


def share_token(app_id: str, token: str, lifetime: float, tenant: str = "") -> None:
    """Put our tenant token into the SDK's cache, so that both sides share it.

    The SDK's token manager is synchronous and reads one process-wide cache by app id; our own provider is
    asynchronous. So each :meth:`Bot.get_lark` writes the current token into that cache; when it expires there, the
    SDK fetches it by itself, and Feishu returns the same one.
    """
    manager: Any = importlib.import_module("lark_oapi.core.token.manager").TokenManager
    key = f"isv_tenant_token:{app_id}:{tenant}" if tenant else f"self_tenant_token:{app_id}"
    manager.cache.set(key, token, int(time.time() + lifetime))


class RegistrationFailed(Exception):
    """No app was made; ``code`` is Feishu's word, such as ``access_denied``."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text or code)
        self.code = code


async def register_app(show_code: Callable[[dict[str, Any]], None], **options: Any) -> dict[str, Any]:
    """Make an app by a QR code that a person scans with Feishu (一键创建应用).

    Args:
        show_code: gets the ``url`` of the code, and ``expire_in`` in seconds.
        options: those of the SDK's ``aregister_app``.

    Returns:
        ``client_id``, ``client_secret``, and ``user_info`` of the person.

    Raises:
        RegistrationFailed: it was turned down, took too long, or Feishu refuses.
        ApiNotAvailable: the SDK cannot be imported, or has changed.
        OSError: Feishu cannot be reached.
    """
    try:
        module: Any = await asyncio.to_thread(importlib.import_module, "lark_oapi.scene.registration")
        failed, register = module.RegisterAppError, module.aregister_app
        unreachable = importlib.import_module("httpx").HTTPError
    except _UNUSABLE as error:
        raise _unusable(error) from error
    try:
        return await register(on_qr_code=show_code, source="nonebot-adapter-feishu-ws", **options)
    except failed as error:
        raise RegistrationFailed(str(error.code), str(error.description)) from error
    except unreachable as error:
        raise OSError(f"Feishu cannot be reached ({type(error).__name__}: {error}); check the network") from error
