"""The command line: what is printed, and who does what is asked for."""

from gateway.cli.main import GARBAGE, main

__all__ = ["GARBAGE", "main"]
