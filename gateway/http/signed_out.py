"""Browsers that were signed out, kept over a restart: the cookie would be signed as well as before.

Decides how long: until its time would have been up. Only its hash is kept, and who signed out
whom stands in the log of changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.http.auth import OWNER

if TYPE_CHECKING:
    from core.ports import Clock
    from core.storage import Settings
    from gateway.http.auth import Auth, Closed

_KEY: Final = "signed out"
_SCOPE: Final = "page:"


class SignedOut:
    """What the store has of them."""

    def __init__(self, store: Settings, clock: Clock) -> None:
        """Read nothing yet."""
        self._store = store
        self._clock = clock

    async def load(self, auth: Auth) -> None:
        """Shut out whoever was before; forget those whose time is up.

        Raises:
            StoreError: it cannot be read.
        """
        now = int(self._clock.now().timestamp())
        for each in await self._store.chosen_everywhere(_KEY):
            if int(each.value) > now:
                auth.shut_out(bytes.fromhex(each.scope.removeprefix(_SCOPE)))
            else:
                await self._store.set(each.scope, _KEY, None, by="", at=now * 1000)

    async def keep(self, closed: Closed) -> None:
        """Write it down.

        Raises:
            StoreError: it cannot be; until the next start it is signed out none the less.
        """
        at = int(self._clock.now().timestamp() * 1000)
        scope = f"{_SCOPE}{closed.shown.hex()}"
        await self._store.set(scope, _KEY, str(closed.until), by=OWNER, at=at)
