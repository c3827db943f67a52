"""Slack: turns streamed into threads, with the advisors in a plan inside the answer's message.

It needs the extra `slack`; nothing of it is imported unless Slack is configured.
"""

from __future__ import annotations

from adapters.chat.slack.adapter import SlackChat
from adapters.chat.slack.options import SlackOptions

__all__ = ["SlackChat", "SlackOptions"]
