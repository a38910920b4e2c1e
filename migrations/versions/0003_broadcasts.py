"""Broadcasts of admins.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

big_int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", big_int, nullable=False),
        sa.Column("admin_id", big_int, nullable=False),
        sa.Column("source_message_id", big_int, nullable=False),
        sa.Column("report_message_id", big_int, nullable=True),
        sa.Column(
            "status",
            sa.Enum("draft", "running", "done", "stopped", "dropped", name="broadcast_status", native_enum=False,
                    create_constraint=True, length=7),
            nullable=False,
        ),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("cursor_user_id", big_int, nullable=False),
        sa.Column("in_hand", sa.Boolean(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "recipients >= 0 AND sent >= 0 AND blocked >= 0 AND failed >= 0 AND unsure >= 0",
            name=op.f("ck_broadcasts_counts_not_negative"),
        ),
        sa.CheckConstraint("status = 'running' OR NOT in_hand", name=op.f("ck_broadcasts_in_hand_while_running")),
        sa.CheckConstraint(
            "status IN ('draft', 'dropped') OR started_at IS NOT NULL",
            name=op.f("ck_broadcasts_started_when_running"),
        ),
        sa.CheckConstraint(
            "(status IN ('draft', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_broadcasts_finished_when_closed"),
        ),
        sa.ForeignKeyConstraint(["admin_id"], ["users.id"], name=op.f("fk_broadcasts_admin_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(
        "uq_broadcasts_running",
        "broadcasts",
        ["status"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_broadcasts_running",
        table_name="broadcasts",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_table("broadcasts")
