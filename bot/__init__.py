"""The application: settings, database, queue, runner, delivery, texts, command line and sandbox."""
