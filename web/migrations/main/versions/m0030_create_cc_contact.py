"""Create cc_contact."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0030"
down_revision = "m0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_contact",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("first_name", columns.Blob(), nullable=True),
        sa.Column("last_name", columns.Blob(), nullable=True),
        sa.Column("job_title", columns.Blob(), nullable=True),
        sa.Column("birth_date", columns.Blob(), nullable=True),
        sa.Column("gender", columns.Blob(), nullable=True),
        sa.Column("account_name", columns.Blob(), nullable=True),
        sa.Column("account_id", columns.Ref(), nullable=True),
        sa.Column("street", columns.Blob(), nullable=True),
        sa.Column("city", columns.Blob(), nullable=True),
        sa.Column("region", columns.Blob(), nullable=True),
        sa.Column("postal_code", columns.Blob(), nullable=True),
        sa.Column("country", columns.Blob(), nullable=True),
        sa.Column("notes", columns.Blob(), nullable=True),
        sa.Column("tags", columns.Blob(), nullable=True),
        sa.Column("kind", columns.code(32), nullable=True),
        sa.Column("capacity", columns.code(16), nullable=False),
        sa.Column("language", columns.code(16), nullable=True),
        sa.Column("timezone", columns.code(64), nullable=True),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("last_contact_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["cc_account.id"], name="fk_cc_contact_account_id"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_contact_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_contact"),
        sealed_check("first_name", "ck_cc_contact_first_name_sealed"),
        sealed_check("last_name", "ck_cc_contact_last_name_sealed"),
        sealed_check("job_title", "ck_cc_contact_job_title_sealed"),
        sealed_check("birth_date", "ck_cc_contact_birth_date_sealed"),
        sealed_check("gender", "ck_cc_contact_gender_sealed"),
        sealed_check("account_name", "ck_cc_contact_account_name_sealed"),
        sealed_check("street", "ck_cc_contact_street_sealed"),
        sealed_check("city", "ck_cc_contact_city_sealed"),
        sealed_check("region", "ck_cc_contact_region_sealed"),
        sealed_check("postal_code", "ck_cc_contact_postal_code_sealed"),
        sealed_check("country", "ck_cc_contact_country_sealed"),
        sealed_check("notes", "ck_cc_contact_notes_sealed"),
        sealed_check("tags", "ck_cc_contact_tags_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_contact")
