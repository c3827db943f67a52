"""The running program: configuration, wiring, concurrency, HTTP."""
