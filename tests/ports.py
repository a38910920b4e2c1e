"""Ports for servers whose address has to be known before they listen."""

from __future__ import annotations

import random
import socket
from typing import Final

# Below the ports that systems give to whoever asks for any (Linux: 32768 and up, others: 49152). Connections of tests
# that run meanwhile would take one of those between this look and the server's start.
_PORTS: Final = range(20_000, 32_000)
_chance: Final = random.SystemRandom()  # pytest-randomly seeds the other one alike in every process


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that nobody gets by chance."""
    while True:
        port = _chance.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
