"""`python -m bot` is the `kandinsky-bot` command."""

from bot.cli import main

main()
