"""The running program: configuration, wiring, concurrency, HTTP."""

import sys

# structlog brings rich along wherever it is installed, to colour tracebacks: 4 MB and a tenth of
# the start, for lines that are read by machines or in a terminal's scroll-back.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog  # noqa: F401

    del sys.modules["rich"]
