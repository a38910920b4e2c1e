"""Alembic's entry: runs migrations on the connection that bot.database.migrate hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from bot.database.models import Base

connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run through the program: kandinsky-bot migrate [revision]")

context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
