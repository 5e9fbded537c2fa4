"""The shape of a documented endpoint: which parameters it takes, and the code it refuses a wrong one with."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter; what its document does not say is empty. ``max_length`` counts characters, or items of a list.

    The name of what is inside another one is its path, such as ``buttons.buttons[].text``.
    """

    name: str
    place: Literal["query", "body"]
    kind: Literal["", "string", "int", "list", "bool"] = ""
    required: bool = False
    values: tuple[str, ...] = ()
    max_length: int | None = None
    smallest: int | None = None
    largest: int | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The parameters of an endpoint; ``invalid`` is the code for a wrong value, an app needs one of ``scopes``."""

    invalid: int = 99992402
    scopes: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    def field(self, name: str) -> Field | None:
        """A parameter by its name."""
        return next((field for field in self.fields if field.name == name), None)
