"""The running program: configuration, wiring, concurrency, HTTP."""

from gateway.lean import without

with without("rich", "pygments"):
    import structlog  # noqa: F401
