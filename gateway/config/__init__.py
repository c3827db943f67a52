"""The configuration file: YAML text in, typed and checked settings out.

A mistake of the operator is a `ConfigError` whose text has a line for each one.
"""

from gateway.config.describe import describe
from gateway.config.load import Config, load, parse
from gateway.config.providers import missing
from gateway.config.schema import schema
from gateway.config.values import Secret

__all__ = ["Config", "Secret", "describe", "load", "missing", "parse", "schema"]
