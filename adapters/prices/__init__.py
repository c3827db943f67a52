"""What model calls cost."""

from adapters.prices.pricer import IDS, Price, Prices

__all__ = ["IDS", "Price", "Prices"]
