"""The variables that our own child processes are started with: what they need, and no secret.

Decides which of this program's are handed on. Keys and tokens stand in its environment, where the
file takes them from; what a child has in its own, whoever may look at it can read
(`/proc/<pid>/environ`), and so can what the child starts.
"""

from __future__ import annotations

import os
from typing import Final

_PLAIN: Final = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
"""What any program may need."""
_LOADING: Final = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "VIRTUAL_ENV"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT"),
)
"""Where an interpreter, and what it loads, finds its parts."""
_THREADS: Final = "OMP_"
_FETCHING: Final = (
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
    *("USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME"),
)
"""How the network is reached from here, also where that takes a name and a password."""
_PIP: Final = "PIP_"


def harmless() -> dict[str, str]:
    """Give what somebody else's program is started with."""
    return _those(_PLAIN)


def interpreter() -> dict[str, str]:
    """Give what an interpreter of our own needs to find and run our modules."""
    return {**_those((*_PLAIN, *_LOADING)), **_beginning(_THREADS)}


def fetching() -> dict[str, str]:
    """Give what pip needs: how it is set up here, and the ways out of this machine."""
    proxies = tuple(each.upper() for each in _FETCHING)
    return {**interpreter(), **_those((*_FETCHING, *proxies)), **_beginning(_PIP)}


def _those(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _beginning(prefix: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(prefix)}
