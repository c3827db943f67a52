"""One lane per session, one piece of work at a time: who waits, and in what order (P3)."""
