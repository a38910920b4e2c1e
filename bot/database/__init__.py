"""Tables, connections, migrations and repositories. What the queue does with its tables is in bot.queue."""
