"""Users, jobs, the fair line, the credit ledger, files, and updates.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

big_int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "conversation_state",
        sa.Column("bot_id", big_int, autoincrement=False, nullable=False),
        sa.Column("chat_id", big_int, autoincrement=False, nullable=False),
        sa.Column("user_id", big_int, autoincrement=False, nullable=False),
        sa.Column("thread_id", big_int, autoincrement=False, nullable=False),
        sa.Column("business_connection_id", sa.String(length=128), nullable=False),
        sa.Column("destiny", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=128), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "bot_id",
            "chat_id",
            "user_id",
            "thread_id",
            "business_connection_id",
            "destiny",
            name="pk_conversation_state",
        ),
    )
    op.create_table(
        "durations",
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("size_key", sa.String(length=64), nullable=False),
        sa.Column("mean_gpu_ms", sa.Double(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.CheckConstraint("mean_gpu_ms > 0 AND samples > 0", name=op.f("ck_durations_measured")),
        sa.PrimaryKeyConstraint("model", "size_key", name="pk_durations"),
    )
    op.create_table(
        "queue_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("virtual_time", sa.Double(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_queue_clock_single_row")),
        sa.PrimaryKeyConstraint("id", name="pk_queue_clock"),
    )
    op.create_table(
        "updates",
        sa.Column("update_id", big_int, autoincrement=False, nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("replays", sa.Integer(), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("handled_at", moment, nullable=True),
        sa.CheckConstraint(
            "(handled_at IS NULL) = (payload IS NOT NULL)", name=op.f("ck_updates_payload_until_handled")
        ),
        sa.CheckConstraint("replays >= 0", name=op.f("ck_updates_replays_not_negative")),
        sa.PrimaryKeyConstraint("update_id", name="pk_updates"),
    )
    op.create_index("ix_updates_handled_at", "updates", ["handled_at"])
    op.create_index(
        "ix_updates_unhandled",
        "updates",
        ["update_id"],
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )

    op.create_table(
        "users",
        sa.Column("id", big_int, autoincrement=False, nullable=False),
        sa.Column("first_name", sa.String(length=256), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("language_code", sa.String(length=35), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("utc_offset_min", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("daily_credits", sa.Integer(), nullable=True),
        sa.Column("is_banned", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("last_seen_at", moment, nullable=False),
        sa.CheckConstraint(
            "daily_credits IS NULL OR daily_credits >= 0", name=op.f("ck_users_daily_credits_not_negative")
        ),
        sa.CheckConstraint("utc_offset_min BETWEEN -720 AND 840", name=op.f("ck_users_utc_offset_exists")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_users_weight_positive")),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "admin_actions",
        sa.Column("id", big_int, nullable=False),
        sa.Column("admin_id", big_int, nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target_user_id", big_int, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["admin_id"], ["users.id"], name="fk_admin_actions_admin_id_users"),
        sa.ForeignKeyConstraint(["target_user_id"], ["users.id"], name="fk_admin_actions_target_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_admin_actions"),
    )
    op.create_index("ix_admin_actions_at", "admin_actions", ["at"])

    op.create_table(
        "input_media",
        sa.Column("id", big_int, nullable=False),
        sa.Column("user_id", big_int, nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("bytes", big_int, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("last_used_at", moment, nullable=False),
        sa.Column("swept_at", moment, nullable=True),
        sa.CheckConstraint("width_px > 0 AND height_px > 0 AND bytes > 0", name=op.f("ck_input_media_sizes_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_input_media_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_input_media"),
        sa.UniqueConstraint("path", name="uq_input_media_path"),
    )
    op.create_index(
        "ix_input_media_on_disk",
        "input_media",
        ["last_used_at"],
        sqlite_where=sa.text("swept_at IS NULL"),
        postgresql_where=sa.text("swept_at IS NULL"),
    )

    op.create_table(
        "jobs",
        sa.Column("id", big_int, nullable=False),
        sa.Column("user_id", big_int, nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("size_key", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("chat_id", big_int, nullable=False),
        sa.Column("reply_to_message_id", big_int, nullable=True),
        sa.Column("status_message_id", big_int, nullable=True),
        sa.Column("result_message_id", big_int, nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "done",
                "delivered",
                "failed",
                "cancelled",
                name="job_status",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("cost_credits", sa.Integer(), nullable=False),
        sa.Column("cost_gpu_ms", sa.Integer(), nullable=False),
        sa.Column("charged_tag", sa.Double(), nullable=True),
        sa.Column("gpu_ms", sa.Integer(), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("delivered_at", moment, nullable=True),
        sa.CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name=op.f("ck_jobs_failed_with_reason")),
        sa.CheckConstraint(
            "(status = 'running') = (lease_owner IS NOT NULL AND lease_until IS NOT NULL) AND (lease_owner IS NULL) = (lease_until IS NULL)",
            name=op.f("ck_jobs_leased_while_running"),
        ),
        sa.CheckConstraint(
            "(status IN ('queued', 'running')) = (finished_at IS NULL)", name=op.f("ck_jobs_finished_when_closed")
        ),
        sa.CheckConstraint(
            "status <> 'delivered' OR delivered_at IS NOT NULL", name=op.f("ck_jobs_delivered_at_some_time")
        ),
        sa.CheckConstraint("status <> 'done' OR delivered_at IS NULL", name=op.f("ck_jobs_done_is_undelivered")),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_jobs_attempt_not_negative")),
        sa.CheckConstraint("cost_credits >= 0", name=op.f("ck_jobs_cost_credits_not_negative")),
        sa.CheckConstraint("cost_gpu_ms > 0", name=op.f("ck_jobs_cost_gpu_ms_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_jobs_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_jobs_user_id_idempotency_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_jobs_open",
        "jobs",
        ["user_id", "id"],
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_jobs_queued",
        "jobs",
        ["user_id", "id"],
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["lease_until"],
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        "ix_jobs_undelivered",
        "jobs",
        ["id"],
        sqlite_where=sa.text("status IN ('done', 'failed', 'cancelled') AND delivered_at IS NULL"),
        postgresql_where=sa.text("status IN ('done', 'failed', 'cancelled') AND delivered_at IS NULL"),
    )

    op.create_table(
        "user_settings",
        sa.Column("user_id", big_int, nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("aspect_ratio", sa.String(length=16), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_settings_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_settings"),
    )
    op.create_table(
        "artifacts",
        sa.Column("id", big_int, nullable=False),
        sa.Column("job_id", big_int, nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("bytes", big_int, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("swept_at", moment, nullable=True),
        sa.CheckConstraint('"index" >= 0', name=op.f("ck_artifacts_index_not_negative")),
        sa.CheckConstraint("width_px > 0 AND height_px > 0 AND bytes > 0", name=op.f("ck_artifacts_sizes_positive")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_artifacts_job_id_jobs"),
        sa.PrimaryKeyConstraint("id", name="pk_artifacts"),
        sa.UniqueConstraint("job_id", "index", name="uq_artifacts_job_id_index"),
        sa.UniqueConstraint("path", name="uq_artifacts_path"),
    )
    op.create_index(
        "ix_artifacts_on_disk",
        "artifacts",
        ["created_at"],
        sqlite_where=sa.text("swept_at IS NULL"),
        postgresql_where=sa.text("swept_at IS NULL"),
    )

    op.create_table(
        "credit_ledger",
        sa.Column("id", big_int, nullable=False),
        sa.Column("user_id", big_int, nullable=False),
        sa.Column("job_id", big_int, nullable=True),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum("charge", "refund", "grant", name="credit_reason", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.CheckConstraint(
            "(reason = 'charge' AND delta < 0 AND job_id IS NOT NULL) OR (reason = 'refund' AND delta > 0 AND job_id IS NOT NULL) OR (reason = 'grant' AND delta <> 0 AND job_id IS NULL)",
            name=op.f("ck_credit_ledger_reason_fits_delta"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_credit_ledger_job_id_jobs"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_credit_ledger_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_credit_ledger"),
        sa.UniqueConstraint("job_id", "reason", name="uq_credit_ledger_job_id_reason"),
    )
    op.create_index("ix_credit_ledger_user_day", "credit_ledger", ["user_id", "day"])

    op.create_table(
        "job_inputs",
        sa.Column("job_id", big_int, nullable=False),
        sa.Column("input_id", big_int, nullable=False),
        sa.ForeignKeyConstraint(["input_id"], ["input_media.id"], name="fk_job_inputs_input_id_input_media"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_inputs_job_id_jobs"),
        sa.PrimaryKeyConstraint("job_id", "input_id", name="pk_job_inputs"),
    )
    op.create_index("ix_job_inputs_input", "job_inputs", ["input_id"])

    op.create_table(
        "lanes",
        sa.Column("user_id", big_int, nullable=False),
        sa.Column("tag", sa.Double(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("head_job_id", big_int, nullable=True),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("queued_cost_gpu_ms", big_int, nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.CheckConstraint("(queued = 0) = (head_job_id IS NULL)", name=op.f("ck_lanes_head_when_queued")),
        sa.CheckConstraint("(queued = 0) = (queued_cost_gpu_ms = 0)", name=op.f("ck_lanes_cost_when_queued")),
        sa.CheckConstraint(
            "queued >= 0 AND queued_cost_gpu_ms >= 0 AND running >= 0", name=op.f("ck_lanes_counts_not_negative")
        ),
        sa.CheckConstraint("weight > 0", name=op.f("ck_lanes_weight_positive")),
        sa.ForeignKeyConstraint(["head_job_id"], ["jobs.id"], name="fk_lanes_head_job_id_jobs"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_lanes_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_lanes"),
    )
    op.create_index(
        "ix_lanes_line",
        "lanes",
        ["tag", "head_job_id", "queued", "queued_cost_gpu_ms", "weight"],
        sqlite_where=sa.text("head_job_id IS NOT NULL"),
        postgresql_where=sa.text("head_job_id IS NOT NULL"),
    )
    op.execute("INSERT INTO queue_clock (id, virtual_time) VALUES (1, 0)")


def downgrade() -> None:
    for table in (
        "lanes",
        "job_inputs",
        "credit_ledger",
        "artifacts",
        "user_settings",
        "jobs",
        "input_media",
        "admin_actions",
        "users",
        "updates",
        "queue_clock",
        "durations",
        "conversation_state",
    ):
        op.drop_table(table)
