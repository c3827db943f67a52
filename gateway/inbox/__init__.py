"""What comes in: stored first, then acknowledged, then handed on, put aside or done at once."""
