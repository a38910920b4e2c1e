"""The topic that a job was asked for in; users without a time zone of their own have none, not UTC.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

big_int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("message_thread_id", big_int, nullable=True))
    with op.batch_alter_table("users") as users:
        users.alter_column("utc_offset_min", existing_type=sa.Integer(), nullable=True)
    op.execute("UPDATE users SET utc_offset_min = NULL WHERE utc_offset_min = 0")  # nobody could choose UTC until now


def downgrade() -> None:
    op.execute("UPDATE users SET utc_offset_min = 0 WHERE utc_offset_min IS NULL")
    with op.batch_alter_table("users") as users:
        users.alter_column("utc_offset_min", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("message_thread_id")
