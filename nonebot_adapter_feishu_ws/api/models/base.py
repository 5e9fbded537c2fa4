"""Base of the results of typed methods: tolerant validation, and the raw answer beside the attributes."""

from collections.abc import KeysView, Mapping
from typing import Any, ClassVar, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler


class Result(BaseModel):
    """A part of an answer: attributes for the editor, and the dict that Feishu sent.

    ``result.message_id`` and ``result["message_id"]`` both work, as do ``result.get(...)``, ``"key" in result`` and
    ``dict(result)``. A field that Feishu left out, or sent in another type than it documents, has its default as an
    attribute; the dict shows it as it came. Fields that are not declared here are kept in both.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow", coerce_numbers_to_str=True, protected_namespaces=(), defer_build=True
    )

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])

    @field_validator("*", mode="wrap")
    @classmethod
    def _tolerate(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        # A call that succeeded must not look failed because one field of its answer is malformed.
        try:
            return handler(value)
        except ValidationError:
            return cls.model_fields[info.field_name or ""].get_default(call_default_factory=True)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_raw(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        result = handler(value)
        if isinstance(value, Mapping):
            result._raw = dict(cast("Mapping[str, Any]", value))
        return result

    def __getitem__(self, key: str) -> Any:
        return self._raw[key]

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def get(self, key: str, default: Any = None) -> Any:
        """A value of the raw dict, or ``default``."""
        return self._raw.get(key, default)

    def keys(self) -> KeysView[str]:
        """The keys of the raw dict; with them, ``dict(result)`` is the raw dict."""
        return self._raw.keys()
