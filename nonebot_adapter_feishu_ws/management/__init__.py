"""The operator's door: control routes, status page, health and metrics, on NoneBot's own server."""

from .routes import Management

__all__ = ["Management"]
