"""Sends a turn's messages: the latest state wins, inside the chat's budget, finals for sure.

`showing` decides what goes next, `trying` what becomes of what failed, `sending` speaks with the
platform and keeps the outbox. What a message says is `core.reply`'s matter.
"""

from __future__ import annotations

from gateway.delivery.info import TurnInfo, delivery_id
from gateway.delivery.pacing import ChatBudgets
from gateway.delivery.showing import deliver

__all__ = ["ChatBudgets", "TurnInfo", "deliver", "delivery_id"]
