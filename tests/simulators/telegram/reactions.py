"""Which emoji a bot may react with: the documented list, one for each message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.simulators.telegram.refusal import bad

BY_BOTS = """
    👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡
    🥱 🥴 😍 🐳 ❤️‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈
    😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿
    🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂️ 🤷 🤷‍♀️ 😡
"""
ALLOWED = frozenset(BY_BOTS.split())


def reactions(given: Sequence[Any]) -> Sequence[str]:
    """Read `reaction`; an empty one takes it away."""
    if len(given) > 1:
        raise bad("REACTIONS_TOO_MANY")
    emoji = [str(each.get("emoji", "")) for each in given if isinstance(each, dict)]
    if any(each not in ALLOWED for each in emoji):
        raise bad("REACTION_INVALID")
    return emoji
