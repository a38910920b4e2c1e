"""How the bot is, told to machines: /metrics and /health. Labels never name a person, a chat or a prompt."""
