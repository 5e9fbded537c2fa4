"""The shape of a documented endpoint: which parameters it takes, and the code it refuses a wrong one with."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter; what its document does not say is empty. ``max_length`` counts characters, or items of a list."""

    name: str
    place: Literal["query", "body"]
    kind: Literal["", "string", "int", "list"] = ""
    required: bool = False
    values: tuple[str, ...] = ()
    max_length: int | None = None
    largest: int | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The parameters of an endpoint; ``invalid`` is the code for a wrong value."""

    invalid: int = 99992402
    fields: tuple[Field, ...] = ()

    def field(self, name: str) -> Field | None:
        """A parameter by its name."""
        return next((field for field in self.fields if field.name == name), None)
