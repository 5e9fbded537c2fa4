"""Files on their way: read or fetched, checked, uploaded once per content, downloaded from received messages."""

from .download import download
from .upload import Uploads

__all__ = ["Uploads", "download"]
