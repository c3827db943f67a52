"""Discord: its gateway and REST API through discord.py, without the library's caches."""

from adapters.chat.discord.adapter import DiscordChat
from adapters.chat.discord.options import DiscordOptions

__all__ = ["DiscordChat", "DiscordOptions"]
