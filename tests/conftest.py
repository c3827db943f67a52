import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def _nonblocking(request):
    """Hold a test marked `nonblocking` to it: a call that stops the event loop raises."""
    if request.node.get_closest_marker("nonblocking") is None:
        yield
        return
    with blockbuster_ctx(["core", "adapters", "gateway"]):
        yield
