"""The entry point of `kandinsky-bot`: Ctrl+C ends it quietly from here on.

Importing the commands takes a third of a second, in which there is nothing to clean up and an exception could come out
where nobody catches it; so the process ends on the spot. What cannot be kept away is the traceback of Python itself,
which starts before this file and imports what the environment asks for.
"""

from __future__ import annotations

import os
import signal

INTERRUPTED = 128 + signal.SIGINT  # exit status of what Ctrl+C ends, as shells have it


def main() -> None:
    """Run the command that is asked for."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # who starts us may have it ignored
    if heard:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from bot import cli_commands

    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    cli_commands.app()
