"""What of a server's tools is offered to models.

Decides it from what the server lists, what the configuration names and what an owner has approved:
all of it at the first use, and from then on only what has stayed as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from adapters.tools.link import Options
from adapters.tools.listing import Listed, as_offered
from adapters.tools.pins import Pins, Reviewed, review
from adapters.tools.results import printable
from core.types import Tool

log = structlog.get_logger()

_NAMED: Final = 20  # names in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered. `own` gives the server's own names by those that models use.

    `held` are the tools that wait for an owner; `reviewed` are all, also those that went away.
    """

    listed: tuple[Listed, ...] = ()
    reviewed: tuple[Reviewed, ...] = ()
    tools: tuple[Tool, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)
    held: tuple[str, ...] = ()


class Offers:
    """Makes the offers of one server. It reads and writes files: to be used in a thread."""

    def __init__(self, options: Options, pins: Pins) -> None:
        """Nothing is held yet, as far as anybody was told."""
        self._options = options
        self._pins = pins
        self._told: tuple[str, ...] = ()

    def make(self, listed: Sequence[Listed]) -> Offer:
        """Offer what may be; say once what may not."""
        reviewed = review(listed, self._approved(listed))
        if (only := self._options.only) is not None:
            reviewed = tuple([_named(only, each) for each in reviewed])
        states = {each.name: each.state for each in reviewed}
        fit = [each for each in listed if states[each.name] == "approved"]
        held = [each.name for each in listed if states[each.name] in {"changed", "new"}]
        tools = tuple([as_offered(self._options.name, each) for each in fit])
        offer = Offer(
            listed=tuple(listed),
            reviewed=reviewed,
            tools=tools,
            own={tool.name: each.name for tool, each in zip(tools, fit, strict=True)},
            held=tuple(held),
        )
        self._tell(offer.held, {each.name for each in listed})
        return offer

    def approve(self, offer: Offer) -> Offer:
        """Approve what is listed now.

        Raises:
            OSError: it cannot be kept.
        """
        self._pins.approve(self._options.name, offer.listed)
        return self.make(offer.listed)

    def _approved(self, listed: Sequence[Listed]) -> Mapping[str, Listed] | None:
        """Give what is pinned; the first listing of all is pinned unseen."""
        server = self._options.name
        approved = self._pins.approved(server)
        if approved is None:
            try:
                self._pins.approve(server, listed)
            except OSError as error:
                log.warning("tools_not_pinned", server=server, error=error.strerror)
            else:
                log.info("tools_pinned_at_first_use", server=server, tools=len(listed))
        return approved

    def _tell(self, held: tuple[str, ...], listed: set[str]) -> None:
        """Log what waits for an owner, and what is named and not there, when that is news."""
        server, only = self._options.name, self._options.only or frozenset()
        missing = tuple(sorted(only - listed))
        if (news := (*held, "", *missing)) == self._told:
            return
        self._told = news
        try:
            self._pins.hold(server, held)
        except OSError as error:
            log.warning("tools_not_noted", server=server, error=error.strerror)
        if held:
            log.warning(
                "tools_held_back",
                server=server,
                tools=_names(held),
                why="new or changed since an owner approved them",
                look=f"moa-gateway tools list {server}; moa-gateway tools approve {server}",
            )
        if missing:
            log.warning("tools_not_there", server=server, tools=_names(missing))


def _named(only: frozenset[str], tool: Reviewed) -> Reviewed:
    """Leave a tool alone that the configuration does not name: nobody is offered it anyway."""
    return tool if tool.name in only else Reviewed(name=tool.name, state="unnamed")


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(printable, names[:_NAMED])) + more
