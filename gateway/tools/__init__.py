"""The one way to a tool: what a turn may use, who says yes, and what came of it."""
