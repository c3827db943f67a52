"""The first five minutes: what this machine offers, as a configuration."""
