"""All settings of a user, favourites, who blocked the bot, who is forgotten, notes on grants, durable switches.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

big_int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
painted = sa.text("status IN ('done', 'delivered') AND task <> ''")
finished = sa.text("finished_at IS NOT NULL")
has_content = sa.text("task <> ''")
shown = sa.text("result_message_id IS NOT NULL")
forgotten = sa.text("forgotten_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("blocked_at", moment, nullable=True))
        users.add_column(sa.Column("forgotten_at", moment, nullable=True))
    op.create_index("ix_users_forgotten", "users", ["id"], sqlite_where=forgotten, postgresql_where=forgotten)
    with op.batch_alter_table("user_settings") as settings:
        settings.add_column(sa.Column("refine", sa.Boolean(), server_default=sa.false(), nullable=False))
        settings.add_column(sa.Column("style", sa.String(length=64), server_default="", nullable=False))
        settings.add_column(sa.Column("negative_prompt", sa.Text(), server_default="", nullable=False))
        settings.add_column(sa.Column("count", sa.Integer(), server_default="1", nullable=False))
        settings.add_column(sa.Column("seed", big_int, nullable=True))
        settings.create_check_constraint(op.f("ck_user_settings_count_paintable"), '"count" BETWEEN 1 AND 4')
        settings.create_check_constraint(
            op.f("ck_user_settings_seed_exists"), "seed IS NULL OR seed BETWEEN 0 AND 4294967295"
        )
        settings.create_check_constraint(
            op.f("ck_user_settings_negative_prompt_short"), "length(negative_prompt) <= 1000"
        )
    with op.batch_alter_table("credit_ledger") as ledger:
        ledger.add_column(sa.Column("note", sa.String(length=200), nullable=True))
        ledger.add_column(sa.Column("grant_key", sa.String(length=128), nullable=True))
        ledger.create_check_constraint(
            op.f("ck_credit_ledger_notes_on_grants"), "reason = 'grant' OR (note IS NULL AND grant_key IS NULL)"
        )
        ledger.create_unique_constraint("uq_credit_ledger_user_id_grant_key", ["user_id", "grant_key"])
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as jobs:
        jobs.create_check_constraint(
            op.f("ck_jobs_open_with_a_task"), "task <> '' OR status NOT IN ('queued', 'running')"
        )
    op.create_index("ix_jobs_painted", "jobs", ["user_id", "id"], sqlite_where=painted, postgresql_where=painted)
    op.create_index(
        "ix_jobs_result_message",
        "jobs",
        ["chat_id", "result_message_id"],
        sqlite_where=shown,
        postgresql_where=shown,
    )
    op.create_index(
        "ix_jobs_figures",
        "jobs",
        ["finished_at", "status", "created_at", "started_at", "user_id", "gpu_ms", "error_code"],
        sqlite_where=finished,
        postgresql_where=finished,
    )
    op.create_index(
        "ix_jobs_with_content", "jobs", ["finished_at"], sqlite_where=has_content, postgresql_where=has_content
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])

    op.create_table(
        "bot_state",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_bot_state"),
    )
    op.create_table(
        "favourites",
        sa.Column("user_id", big_int, nullable=False),
        sa.Column("job_id", big_int, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_favourites_job_id_jobs"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_favourites_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", "job_id", name="pk_favourites"),
    )
    op.create_index("ix_favourites_job", "favourites", ["job_id"])


def downgrade() -> None:
    op.drop_table("favourites")
    op.drop_table("bot_state")
    for index in (
        "ix_jobs_created_at",
        "ix_jobs_with_content",
        "ix_jobs_figures",
        "ix_jobs_result_message",
        "ix_jobs_painted",
    ):
        op.drop_index(index, "jobs")
    with op.batch_alter_table("jobs", table_kwargs={"sqlite_autoincrement": True}) as jobs:
        jobs.drop_constraint(op.f("ck_jobs_open_with_a_task"), type_="check")
    with op.batch_alter_table("credit_ledger") as ledger:
        ledger.drop_constraint("uq_credit_ledger_user_id_grant_key", type_="unique")
        ledger.drop_constraint(op.f("ck_credit_ledger_notes_on_grants"), type_="check")
        ledger.drop_column("grant_key")
        ledger.drop_column("note")
    with op.batch_alter_table("user_settings") as settings:
        for check in ("negative_prompt_short", "seed_exists", "count_paintable"):
            settings.drop_constraint(op.f(f"ck_user_settings_{check}"), type_="check")
        for column in ("seed", "count", "negative_prompt", "style", "refine"):
            settings.drop_column(column)
    op.drop_index("ix_users_forgotten", "users")
    with op.batch_alter_table("users") as users:
        users.drop_column("forgotten_at")
        users.drop_column("blocked_at")
