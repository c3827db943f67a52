"""A strict Slack on loopback: Web API, Socket Mode, signed HTTP, and people to talk to.

`async with SlackSimulator() as slack:`; `slack.config()` is the block to put under `platforms:`.
"""

from tests.simulators.slack.model import Person, Place
from tests.simulators.slack.shown import Shown
from tests.simulators.slack.simulator import SlackSimulator

__all__ = ["Person", "Place", "Shown", "SlackSimulator"]
