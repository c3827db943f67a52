"""The configuration file's shape: every key, its type, its bounds and its default.

It decides nothing between keys (`rules` does). Scripts and the JSON Schema rely on these names.
A default of None means that nobody said anything.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, field

from gateway.config.chats import Access, Channel, ChatSettings, Privacy, Retention, Workspace
from gateway.config.mixtures import Moa
from gateway.config.providers import Provider
from gateway.config.shape import Block, Count, Seconds
from gateway.config.values import Dollars, Rate, Secret, Url

# --- money, time and numbers --------------------------------------------------------------


class Allowance(Block, frozen=True, kw_only=True):
    """Dollars by day and by month (MOA-30)."""

    daily: Dollars | None = None
    monthly: Dollars | None = None


class Budgets(Block, frozen=True, kw_only=True):
    """Who may spend how much; `turn` and `unpriced` are dollars, the latter per million tokens."""

    total: Allowance = Allowance()
    user: Allowance = Allowance()
    channel: Allowance = Allowance()
    preset: Allowance = Allowance()
    key: Allowance = Allowance()
    turn: Dollars | None = None
    on_exceeded: Literal["downgrade", "refuse"] = "downgrade"
    unpriced: Dollars | None = None


class Price(Block, frozen=True, kw_only=True):
    """Dollars per million tokens of one model; a cache price left out is the input price."""

    input: Dollars
    output: Dollars
    cache_read: Dollars | None = None
    cache_write: Dollars | None = None


class Limits(Block, frozen=True, kw_only=True):
    """How often, and how many turns of one person at once."""

    user: Rate | None = None
    channel: Rate | None = None
    running: Count | None = None


# --- doors --------------------------------------------------------------------------------


class ApiKey(Block, frozen=True, kw_only=True):
    """One more key for /v1. A blank token turns it off; without `presets` it may use all."""

    token: Secret
    presets: tuple[str, ...] = ()
    budgets: Allowance = Allowance()


class Http(Block, frozen=True, kw_only=True):
    """The web face and /v1. Port 0 is a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    token: Secret | None = None
    keys: dict[str, ApiKey] = {}


class Web(Block, frozen=True, kw_only=True, tag="web", tag_field="type"):
    """The web chat."""

    enabled: bool = True


class Telegram(Block, frozen=True, kw_only=True, tag="telegram", tag_field="type"):
    """A Telegram bot. With a webhook Telegram posts to us: `public_url` is where it reaches us."""

    token: Secret
    base_url: Url = field(default_factory=lambda: Url("https://api.telegram.org/bot"))
    base_file_url: Url = field(default_factory=lambda: Url("https://api.telegram.org/file/bot"))
    mode: Literal["polling", "webhook"] = "polling"
    public_url: Url | None = None
    webhook_secret: Secret | None = None

    @property
    def hook_secret(self) -> Secret:
        """What Telegram sends with each update; unless the file says it, made of the token."""
        if self.webhook_secret:
            return self.webhook_secret
        made = hmac.new(self.token.reveal().encode(), b"webhook secret", sha256)
        return Secret(made.hexdigest())


class Discord(Block, frozen=True, kw_only=True, tag="discord", tag_field="type"):
    """A Discord bot. Without `gateway_url` it asks for it; `threads`: whether it opens them."""

    token: Secret
    api_base: Url = field(default_factory=lambda: Url("https://discord.com/api/v10"))
    gateway_url: str | None = None
    threads: Literal["auto", "never"] = "never"


class Slack(Block, frozen=True, kw_only=True, tag="slack", tag_field="type"):
    """A Slack app: Socket Mode needs `app_token`, HTTP mode `signing_secret`."""

    bot_token: Secret
    app_token: Secret | None = None
    signing_secret: Secret | None = None
    mode: Literal["socket", "http"] = "socket"
    api_base: Url = field(default_factory=lambda: Url("https://slack.com/api/"))


Platform: TypeAlias = Web | Telegram | Discord | Slack


# --- the rest -----------------------------------------------------------------------------


_CONFIDES = re.compile("KEY|TOKEN|SECRET|PASS|AUTH|CRED|COOKIE", re.IGNORECASE)
_KEY_LENGTH = 16


class ToolServer(Block, frozen=True, kw_only=True):
    """A server of tools: a command to start or an address, and when its tools need a yes.

    A command runs in `cwd` with `env` and a few harmless variables of ours. `tools` are those that
    are offered, all if it is left out. `timeout` is for each call, `connect` for the start, both in
    seconds; of a result at most `max_result` characters are kept.
    """

    command: tuple[str, ...] | None = None
    url: Url | None = None
    approve: Literal["never", "always", "writes"] = "writes"
    env: dict[str, Secret] = {}
    cwd: str | None = None
    headers: dict[str, Secret] = {}
    tools: tuple[str, ...] | None = None
    timeout: Seconds = 60.0
    connect: Seconds = 30.0
    max_result: Count = 20_000

    def confided(self) -> list[Secret]:
        """Give those variables that may be secrets: by their names, or long enough to be one.

        The others are words such as `info`, and a log without them could not be read.
        """
        return [
            value
            for name, value in self.env.items()
            if _CONFIDES.search(name) or len(value.reveal()) >= _KEY_LENGTH
        ]


class Tools(Block, frozen=True, kw_only=True):
    """Where tools come from."""

    servers: dict[str, ToolServer] = {}


class Settings(Block, frozen=True, kw_only=True):
    """The whole file."""

    moa: Moa
    data_dir: str = "./data"
    database: str = "sqlite"
    timezone: str = "UTC"
    http: Http = Http()
    platforms: dict[str, Platform] = {}
    providers: dict[str, Provider] = {}
    defaults: ChatSettings = ChatSettings()
    workspaces: tuple[Workspace, ...] = ()
    channels: tuple[Channel, ...] = ()
    access: Access = Access()
    limits: Limits = Limits()
    budgets: Budgets = Budgets()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    tools: Tools = Tools()
    prices: dict[str, Price] = {}
