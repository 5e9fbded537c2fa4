"""Pages of the developer console."""

from collections.abc import Sequence
from urllib.parse import quote


class Console:
    """Links into the console of one app."""

    def __init__(self, origin: str, app_id: str) -> None:
        """Create the links; the platform's origin also serves the console."""
        self._base = f"{origin}/app/{quote(app_id)}"
        self.credentials: str = f"{self._base}/baseinfo"
        """凭证与基础信息 (Credentials & Basic Info)."""
        self.features: str = f"{self._base}/capability"
        """添加应用能力 (Add Features)."""
        self.events: str = f"{self._base}/event?tab=event"
        """事件与回调 > 事件配置 (Events & Callbacks > Event Configuration)."""
        self.callbacks: str = f"{self._base}/event?tab=callback"
        """事件与回调 > 回调配置 (Events & Callbacks > Callback Configuration)."""
        self.versions: str = f"{self._base}/version"
        """版本管理与发布 (Version Management & Release)."""

    def grant(self, scopes: Sequence[str]) -> str:
        """权限管理 (Permissions & Scopes), with the scopes to grant filled in."""
        return f"{self._base}/auth?q={quote(','.join(scopes))}&op_from=openapi&token_type=tenant"
