"""Whether a channel wants nothing but mentions answered: a setting that admins make in chat.

Decides where it is kept. It is read only where something would be answered that nobody addressed
to the bot, so that everything else costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.storage import Settings
    from core.types import Address

QUIET: Final = "quiet"
ON: Final = "on"


def scope_of(address: Address) -> str:
    """Name where it is kept: a channel has one, with all of its threads."""
    return f"session:{address.whole.session}"


async def is_quiet(settings: Settings, address: Address) -> bool:
    """Tell whether a place wants to be left alone unless it mentions the bot.

    Raises:
        StoreError: nobody can tell.
    """
    scope = scope_of(address)
    return scope in await settings.chosen(QUIET, scope)
