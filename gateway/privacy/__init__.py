"""How long things are kept, and how they are taken out again (ADR 0040)."""
