"""The parameters of one request, however they came: query, form, multipart or JSON.

Numbers and truth values may come as text, nested values as JSON within text; what cannot be
read is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.state import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was understood so far. `method` is as documented: "sendMessage"."""

    method: str
    params: Mapping[str, Any]
    files: Mapping[str, File] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.params.get(name)
        if isinstance(value, str):
            return value
        return "" if value is None else json.dumps(value)

    def number(self, name: str) -> int | None:
        value = self.text(name)
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise bad(f"invalid {name} specified") from None

    def needed(self, name: str) -> int:
        value = self.number(name)
        if value is None:
            raise bad(f"{name} is empty" if name == "chat_id" else f"{name} isn't specified")
        return value

    def truth(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1", "yes"}

    def json(self, name: str) -> Any:
        value = self.params.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def mapping(self, name: str) -> dict[str, Any]:
        """A nested object, empty where there is none."""
        value = self.json(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad(f"can't parse {name.replace('_', ' ')}: Object expected")
        return value

    def sequence(self, name: str) -> list[Any] | None:
        value = self.json(name)
        if value is not None and not isinstance(value, list):
            raise bad(f"can't parse {name.replace('_', ' ')}: Array expected")
        return value
