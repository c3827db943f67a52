# Shows what becomes of every connection to a messenger when the network does its worst: the
# program notices by itself, says so in a line, comes back by itself, loses and doubles nothing,
# holds nobody else up, and keeps no connection that is of no use.

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.network import Network, network
from tests.simulators.chaos import Trouble
from tests.simulators.troubles import CUT, ODD, SILENT, SLOW, bomb
from tests.transcripts.stages import MESSENGERS

BROKEN = {**CUT, **ODD, "bomb": bomb()}
HALF_OPEN = {name: SILENT[name] for name in ("silence", "done, never answered", "only pings")}
STUCK = {name: SILENT[name] for name in ("half a head", "a head")}
LONGEST_LINE = 400
FEW = 4
"""Lines that a trouble is worth: one for the connection, and one for each other cause."""


@pytest.fixture(params=MESSENGERS)
def platform(request):
    return request.param


def honest(net: Network, platform: str) -> None:
    """Assert that it was said, in few words of its own, and whose trouble it was."""
    told, net.lines.said = net.lines.said, []
    # A busy machine may miss a heartbeat of half a second elsewhere; that is told as well.
    others = tuple(each for each in MESSENGERS if each != platform)
    said = [line for line in told if not any(each in line.lower() for each in others)]
    assert said
    assert len(set(said)) <= FEW, said
    for line in said:
        assert platform in line.lower(), line
    for line in told:
        assert len(line) < LONGEST_LINE, line
        assert "<html" not in line, line
        assert "simulated" not in line, line  # as all tokens are


async def befallen(net: Network, platform: str, trouble: Trouble, *, tries: int) -> None:
    """Let a trouble come while somebody asks, and be over after so many tries to connect."""
    proxy = net.proxies[platform]
    proxy.befall(trouble)
    await net.asked(platform)
    await net.goes_on_but(platform)
    await net.tries(platform, tries)
    proxy.heal()
    await net.answered(platform)


async def test_p11_what_breaks_or_speaks_nonsense_is_told_and_outlived(
    tmp_path, monkeypatch, platform
):
    async with network(tmp_path, monkeypatch) as net:
        usual, tasks = net.proxies[platform].open, len(asyncio.all_tasks())
        for trouble in BROKEN.values():
            await befallen(net, platform, trouble, tries=3)
            honest(net, platform)
        await net.calm(platform, usual + 2)
        assert len(asyncio.all_tasks()) < tasks + 10


async def test_p12_what_is_half_open_is_noticed_and_opened_anew(tmp_path, monkeypatch, platform):
    async with network(tmp_path, monkeypatch) as net:
        usual, tasks = net.proxies[platform].open, len(asyncio.all_tasks())
        for trouble in HALF_OPEN.values():  # what is open is dead, and the network is fine
            await befallen(net, platform, trouble, tries=0)
        for trouble in STUCK.values():  # whoever connects gets stuck once
            await befallen(net, platform, trouble, tries=1)
        net.proxies[platform].befall(SLOW)
        await net.asked(platform)
        await net.goes_on_but(platform)
        await net.shown(platform)
        # What is slow may be taken for lost, and looked for, on and on.
        net.proxies[platform].heal()
        await net.answered(platform)
        await net.calm(platform, usual + 2)
        assert len(asyncio.all_tasks()) < tasks + 10


async def test_p11_a_platform_that_is_away_is_one_line_and_comes_back_by_itself(
    tmp_path, monkeypatch, platform
):
    async with network(tmp_path, monkeypatch) as net:
        proxy = net.proxies[platform]
        for away in (proxy.refuse, proxy.vanish):
            await away()
            await net.asked(platform)
            for _ in range(4):
                await net.goes_on_but(platform)
            await net.told(platform)
            await proxy.listen()
            await net.answered(platform)
            honest(net, platform)
