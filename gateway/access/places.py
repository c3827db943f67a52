"""What the file says of a place and of people, ready to be asked.

Decides which row of the file is the most exact one. What was chosen in chat is not its matter.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal

import structlog
from msgspec.structs import replace

from core.access import ADMITTED, Access, kept_from
from core.errors import UsageError
from core.presets import outside
from core.texts import presets as said
from gateway.config.chats import ChatSettings
from gateway.config.model import Discord, Slack, Telegram

if TYPE_CHECKING:
    from core.access import Role
    from core.frames import Cost, Detail
    from core.policy import Listen, Threads
    from core.presets import Level, Preset
    from core.records import Askable
    from core.scopes import SessionScope
    from core.types import Address, Author, Command, Message, Press
    from gateway.access.grants import Grants
    from gateway.config import Config
    from gateway.config.chats import Channel, Workspace
    from gateway.config.model import Settings

log = structlog.get_logger()

Notify = Literal["asker", "never"]
Busy = Literal["queue", "steer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What holds in a place. `presets` are what the file chose, by level.

    `tools` are the servers, or tools of them, that may be used there, `providers` those that may
    be asked; None: all of them.
    """

    presets: Mapping[Level, str | None]
    locked: bool
    listen: Listen
    threads: Threads
    advisors: Detail
    cost: Cost
    notify: Notify
    session: SessionScope
    introduce: bool
    busy: Busy
    tools: tuple[str, ...] | None = None
    system_prompt: str = ""
    providers: tuple[str, ...] | None = None


class Places:
    """The file's words on places and people."""

    def __init__(self, config: Config, grants: Grants) -> None:
        """Take them as they are now; `grants` are what was decided of people in chat."""
        self.grants = grants
        self.take(config)

    def take(self, config: Config) -> None:
        """Take what the file says now; chats that have moved are told again after this."""
        self._settings = config.settings
        self._channels = config.settings.channels
        said = config.settings.access
        self._access = Access(
            owners=frozenset(said.owners),
            admins=frozenset(said.admins),
            allow=frozenset(said.allow),
            deny=frozenset(said.deny),
            chat_admins=said.chat_admins,
            guests=said.guests,
            public=said.public,
        )

    @property
    def access(self) -> Access:
        """Who the file lets in."""
        return self._access

    @property
    def contact(self) -> str:
        """Whom people may ask about this bot; "" where the file does not say."""
        return self._settings.privacy.operator_contact

    @property
    def settings(self) -> Settings:
        """Give the file as it holds now."""
        return self._settings

    def moved(self, old: Address, new: Address) -> None:
        """Let what the file says of a chat hold for what it has become.

        Where it speaks of the new one already, that wins.
        """
        access = _extended(self._access, old, new)
        rows = [replace(each, channel=new.channel) for each in self._channels if _at(each, old)]
        rows = [each for each in rows if each not in self._channels]
        if rows or access != self._access:
            change = f"{old.platform} {old.channel} is now {new.channel}"
            log.warning("config", text=f"update the file: {change}; what it says still holds")
        self._access = access
        self._channels = (*rows, *self._channels)

    def guarded(self, platform: str) -> bool:
        """Tell whether a platform is a messenger: what has a token of ours guards itself."""
        shape = self._settings.platforms.get(platform)
        return isinstance(shape, Telegram | Discord | Slack)

    def prefix(self, platform: str) -> str:
        """Give what stands before a command's name there: Slack knows only one."""
        return "/moa " if isinstance(self._settings.platforms.get(platform), Slack) else "/"

    def role(self, author: Author, address: Address, *, direct: bool) -> Role:
        """Say what somebody is there; behind our own token stands the owner."""
        if not self.guarded(address.platform):
            return "owner"
        chat = self.grants.of(address.platform, author.id, direct=direct)
        return self._access.role(author, address, direct=direct, chat=chat)

    def lets_in(self, said: Message | Command | Press) -> bool:
        """Tell whether somebody is let in now, whatever they were when they said it."""
        return self.role(said.author, said.address, direct=said.direct) in ADMITTED

    def kind(self, platform: str) -> str:
        """Give what kind of platform an account is on, "" for one that is none."""
        shape = self._settings.platforms.get(platform)
        return str(shape.__struct_config__.tag) if shape else ""

    def owns(self, subject: str) -> bool:
        """Tell whether the file names somebody as an owner."""
        return subject in self._access.owners

    def require_choosable(self, preset: Preset, request: Command | Message | Press) -> None:
        """Hold whoever names a preset to its `allow` (MOA-2), and the place to its providers.

        Raises:
            UsageError: it is kept for others, or asks providers that the place does not allow.
        """
        if not self.is_for(preset, request):
            raise UsageError(said.KEPT.format(name=preset.name))
        allowed, barred = self.providers(request), self.barred(preset, request)
        if barred:
            raise UsageError(said.barred(preset, allowed or (), barred))

    def may_choose(self, preset: Preset, request: Command | Message | Press) -> bool:
        """Tell whether whoever asks for a preset may have it there."""
        return self.is_for(preset, request) and not self.barred(preset, request)

    def providers(self, request: Command | Message | Press) -> tuple[str, ...] | None:
        """Give the providers that may be asked there, None for all."""
        return self.at(request.address, request.author.circles, direct=True).providers

    def barred(self, preset: Preset, request: Command | Message | Press) -> tuple[str, ...]:
        """Name the providers that a preset asks and that may not be asked there."""
        return outside(preset, self.providers(request))

    def is_for(self, preset: Preset, request: Command | Message | Press) -> bool:
        """Tell whether a preset is kept for nobody else than whoever asks for it."""
        author, address, direct = request.author, request.address, request.direct
        role = self.role(author, address, direct=direct)
        return not kept_from(preset, role, author, address, direct=direct)

    def askable(self, address: Address, *, direct: bool) -> Askable:
        """Say who could be asked there whether a tool may be used."""
        if direct or not self.guarded(address.platform):
            return "asker"
        return "admins" if self._access.has_admins(address.platform) else "nobody"

    def at(self, address: Address, circles: Collection[str], *, direct: bool) -> Place:
        """Give what holds there: defaults, then the workspace, then the channel, then the thread.

        `circles` are the author's: they tell the workspace.
        """
        workspaces, channels = self._rows(address, circles)
        said = reduce(_over, [*workspaces, *channels], self._settings.defaults)
        private = self.guarded(address.platform) and not direct
        return Place(
            presets={
                "channel": _preset(channels),
                "workspace": _preset(workspaces),
                "default": self._settings.defaults.preset,
            },
            locked=bool(said.locked),
            listen=said.listen or "mention",
            threads=said.threads or "owned",
            advisors=said.advisors or "summary",
            cost=said.cost or ("private" if private else "footer"),
            notify=said.notify or "asker",
            session=(said.session if self.guarded(address.platform) else None) or "thread",
            introduce=said.introduce is not False,
            busy=said.busy or "queue",
            tools=said.tools,
            system_prompt=(said.system_prompt or "").strip(),
            providers=said.providers,
        )

    def rows(self, address: Address, circles: Collection[str]) -> Sequence[ChatSettings]:
        """Give what the file says of a place, from the defaults to the most exact row."""
        workspaces, channels = self._rows(address, circles)
        return [self._settings.defaults, *workspaces, *channels]

    def _rows(
        self, address: Address, circles: Collection[str]
    ) -> tuple[Sequence[Workspace], Sequence[Channel]]:
        named = self._settings.workspaces
        workspaces = [each for each in named if _is_in(each, address, circles)]
        channels = sorted(
            (each for each in self._channels if _is_there(each, address, circles)),
            key=lambda each: (each.thread is not None, each.workspace is not None),
        )
        return workspaces, channels


def _extended(access: Access, old: Address, new: Address) -> Access:
    """Let whoever is named by a chat's old id be named by its new one, too."""
    names = {
        f"{old.platform}:{kind}{old.channel}": f"{old.platform}:{kind}{new.channel}"
        for kind in ("", "chat:")
    }

    def known(subjects: frozenset[str]) -> frozenset[str]:
        return subjects | {names[each] for each in subjects & names.keys()}

    return dataclasses.replace(
        access,
        owners=known(access.owners),
        admins=known(access.admins),
        allow=known(access.allow),
        deny=known(access.deny),
    )


def _is_in(row: Workspace, address: Address, circles: Collection[str]) -> bool:
    return row.platform == address.platform and _names(row.workspace, circles)


def _at(row: Channel, address: Address) -> bool:
    return (row.platform, row.channel) == (address.platform, address.channel)


def _is_there(row: Channel, address: Address, circles: Collection[str]) -> bool:
    return (
        _at(row, address)
        and row.thread in {None, address.thread}
        and (row.workspace is None or _names(row.workspace, circles))
    )


def _names(workspace: str, circles: Collection[str]) -> bool:
    return workspace in circles or f"guild:{workspace}" in circles


def _over(upper: ChatSettings, exact: ChatSettings) -> ChatSettings:
    """Give the settings of the level above, as far as the more exact one says nothing."""
    said = {name: getattr(exact, name) for name in ChatSettings.__struct_fields__}
    return replace(upper, **{name: each for name, each in said.items() if each is not None})


def _preset(rows: Iterable[ChatSettings]) -> str | None:
    """Give the preset of the most exact row, which comes last."""
    return next(iter([each.preset for each in rows if each.preset is not None][::-1]), None)
