import os
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import Phase, settings

from tests import harmless_calls
from tests.order import ordered

# No deadline: a busy machine is no bug. The same examples in CI every time, new ones at home.
# Hypothesis takes a test that ran into its timeout for one that failed, and then runs it for
# minutes more to find a smaller example: not in CI, and nowhere with its slow line tracing.
FIND = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("home", deadline=None, phases=(*FIND, Phase.shrink))
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, phases=FIND)
# By hand, for one file and as long as it takes:
# pytest --hypothesis-profile=deep --timeout=0 tests/promises/test_p3_any_history.py
settings.register_profile("deep", settings.get_profile("home"), max_examples=10_000)
settings.load_profile("ci" if os.environ.get("CI") else "home")


def pytest_collection_modifyitems(items):
    """Let what waits run beside what computes, where several workers share the tests."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    here = Path(__file__).parent
    items[:] = ordered(items, lambda item: item.path.relative_to(here).parts[0], workers=workers)


@pytest.fixture(autouse=True)
def _harmless(request):
    """Hold every call to a messenger to `tests.harmless_calls`, but those that simulators test."""
    harmless_calls.broken.clear()
    yield
    if "simulators" not in request.path.parts:
        assert not harmless_calls.broken, harmless_calls.broken[:5]


@pytest.fixture(autouse=True)
def _nonblocking(request):
    """Hold a test marked `nonblocking` to it: a call that stops the event loop raises."""
    if request.node.get_closest_marker("nonblocking") is None:
        yield
        return
    with blockbuster_ctx(["core", "adapters", "gateway"]):
        yield
