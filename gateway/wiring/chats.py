"""Makes the messengers out of the configuration.

Decides which client library is imported: that of a configured platform and no other. Nothing is
connected before a chat runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TypeAlias

from core.errors import ConfigError
from core.ports import ChatAdapter
from gateway.config.access import subjects_of
from gateway.config.model import Discord, Slack, Telegram, Web

if TYPE_CHECKING:
    from aiohttp import web

    from adapters.chat.slack.home import Home
    from core.ports import Clock
    from core.records import Standing
    from core.storage import Gaps
    from core.types import Command
    from gateway.config import Config, Secret

Hook: TypeAlias = "Callable[[web.Request], Awaitable[web.StreamResponse]]"
"""Answers what a platform posts to us; whether it is the platform, it finds out itself."""

_EXTRAS = {Telegram: "telegram", Discord: "discord", Slack: "slack"}


class Messenger(ChatAdapter, Protocol):
    """A chat adapter of somebody else's platform."""

    @property
    def hooks(self) -> Mapping[str, Hook]:
        """What it wants to be posted, by path; empty where it goes and asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatParts:
    """What messengers are told of the gateway. `presets` are those that somebody may choose.

    `gaps` knows how far accounts have listened, `standing` gives what somebody uses and has spent
    there (platform, user's id, the ids of the workspace).
    """

    clock: Clock
    config: Callable[[], Config]
    presets: Callable[[Command], Sequence[str]]
    gaps: Gaps
    standing: Callable[[str, str, Collection[str]], Awaitable[Standing]]


def import_chats(config: Config) -> None:
    """Import what the configured messengers need: best before the loop starts, for it takes long.

    Raises:
        ConfigError: it is not installed; the text says how to.
    """
    kinds = {type(each) for each in config.settings.platforms.values()}
    for name in [name for kind, name in _EXTRAS.items() if kind in kinds]:
        try:
            import_module(f"adapters.chat.{name}")
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"platforms: {name} needs a library that is not installed ({error.name}): "
                f"pip install 'moa-gateway[{name}]'"
            ) from error


def open_chats(config: Config, parts: ChatParts) -> tuple[Messenger, ...]:
    """Make a chat of every configured account.

    Raises:
        ConfigError: a client library is not installed; the text says how to.
    """
    import_chats(config)
    platforms = config.settings.platforms.items()
    return tuple(
        _chat(name, shape, config, parts) for name, shape in platforms if not isinstance(shape, Web)
    )


def _chat(
    name: str, shape: Telegram | Discord | Slack, config: Config, parts: ChatParts
) -> Messenger:
    match shape:
        case Telegram():
            return _telegram(name, shape, parts, listen_all=_listens_to_all(config, name))
        case Discord():
            return _discord(name, shape, config, parts)
        case Slack():
            return _slack(name, shape, parts)


def _telegram(name: str, shape: Telegram, parts: ChatParts, *, listen_all: bool) -> Messenger:
    from adapters.chat.telegram import TelegramChat, TelegramOptions, Webhook

    webhook = None
    if shape.mode == "webhook":
        url = f"{(shape.public_url or '').rstrip('/')}/{name}/webhook"
        webhook = Webhook(url=url, secret=shape.hook_secret.reveal())
    options = TelegramOptions(
        platform=name,
        token=shape.token.reveal(),
        base_url=shape.base_url,
        base_file_url=shape.base_file_url,
        webhook=webhook,
        listen_all=listen_all,
    )
    return TelegramChat(options, clock=parts.clock)


def _discord(name: str, shape: Discord, config: Config, parts: ChatParts) -> Messenger:
    from adapters.chat.discord import DiscordChat, DiscordOptions

    options = DiscordOptions(
        platform=name,
        token=shape.token.reveal(),
        api_base=shape.api_base,
        gateway_url=shape.gateway_url,
        listen_all=_listens_to_all(config, name),
        threads=shape.threads,
        presets=parts.presets,
        named=partial(_named, parts.config, name, "guild:", "role:"),
    )

    return DiscordChat(options, clock=parts.clock, gaps=parts.gaps)


def _slack(name: str, shape: Slack, parts: ChatParts) -> Messenger:
    from adapters.chat.slack import SlackChat, SlackOptions
    from adapters.chat.slack.home import Home

    options = SlackOptions(
        platform=name,
        bot_token=shape.bot_token.reveal(),
        app_token=_revealed(shape.app_token),
        signing_secret=_revealed(shape.signing_secret),
        mode=shape.mode,
        api_base=shape.api_base,
        groups=partial(_named, parts.config, name, "S"),
    )

    async def home(user: str, workspaces: Collection[str]) -> Home:
        standing = await parts.standing(name, user, workspaces)
        return Home(
            preset=standing.preset,
            presets=standing.presets,
            dollars=standing.dollars,
            turns=standing.turns,
        )

    return SlackChat(options, clock=parts.clock, home=home)


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None


def _named(config: Callable[[], Config], platform: str, *kinds: str) -> frozenset[str]:
    """Give what the file names of an account now, of these kinds: groups of people."""
    subjects = [
        each.partition(":") for _, named in subjects_of(config().settings) for each in named
    ]
    return frozenset(
        rest for account, _, rest in subjects if account == platform and rest.startswith(kinds)
    )


def _listens_to_all(config: Config, platform: str) -> bool:
    """Tell whether somewhere on a platform everything that is said is answered."""
    settings = config.settings
    here = [each.listen for each in settings.workspaces if each.platform == platform]
    here += [each.listen for each in settings.channels if each.platform == platform]
    return "all" in {settings.defaults.listen, *here}
