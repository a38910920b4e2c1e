"""Models and nothing else: no Telegram, no database, no bot.toml."""
