"""The tools of a server as it lists them, and as they are offered to models.

Decides what of a description models are shown: it is untrusted text, of a length that suits us.
Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from adapters.tools.names import offered_name
from core.types import Json, Tool

MOST_TOOLS: Final = 256
LONGEST_DESCRIPTION: Final = 4_000
LONGEST_SCHEMA: Final = 64_000
"""Characters of JSON. A schema cannot be cut: a tool with a longer one is left out."""
LONGEST_LISTING: Final = 400_000
"""Characters of all that is said of a server's tools: models read it with every request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A tool in its server's own words."""

    name: str
    description: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    reads_only: bool = False

    @property
    def schema(self) -> str:
        """The parameters as text, the same for the same parameters."""
        return json.dumps(self.parameters, sort_keys=True, ensure_ascii=True)

    @property
    def length(self) -> int:
        """Characters of what it says of itself."""
        return len(self.name) + len(self.description) + len(self.schema)

    @property
    def fingerprint(self) -> str:
        """A hash of all that a model or a person goes by when the tool is chosen."""
        told = json.dumps([self.name, self.description, self.schema, self.reads_only])
        return sha256(told.encode()).hexdigest()


def usable(listed: Sequence[Listed]) -> tuple[Listed, ...]:
    """Give what can be offered, by name: the order in which a server lists is no news."""
    first = {each.name: each for each in reversed(listed)}
    found: list[Listed] = []
    left = LONGEST_LISTING
    for each in sorted(first.values(), key=lambda each: each.name)[:MOST_TOOLS]:
        size = len(each.schema) + min(len(each.description), LONGEST_DESCRIPTION)
        if each.name and len(each.schema) <= LONGEST_SCHEMA and size <= left:
            found.append(each)
            left -= size
    return tuple(found)


def as_offered(server: str, listed: Listed) -> Tool:
    """Make the core's tool of one of a server's."""
    description = listed.description
    if len(description) > LONGEST_DESCRIPTION:
        description = f"{description[:LONGEST_DESCRIPTION]} […]"
    return Tool(
        name=offered_name(server, listed.name),
        description=description or None,
        # Some vendors refuse an object that does not say which keys it may have.
        parameters={"type": "object", "properties": {}, **listed.parameters},
        server=server,
        reads_only=listed.reads_only,
    )
