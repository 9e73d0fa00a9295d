"""Create cc_transaction."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0066"
down_revision = "m0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_transaction",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("contact_id", columns.Ref(), nullable=False),
        sa.Column("kind", columns.code(16), nullable=False),
        sa.Column("number", columns.Blob(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", columns.code(3), nullable=False),
        sa.Column("status", columns.code(16), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("billing_name", columns.Blob(), nullable=True),
        sa.Column("billing_street", columns.Blob(), nullable=True),
        sa.Column("billing_city", columns.Blob(), nullable=True),
        sa.Column("billing_region", columns.Blob(), nullable=True),
        sa.Column("billing_postal_code", columns.Blob(), nullable=True),
        sa.Column("billing_country", columns.Blob(), nullable=True),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["cc_contact.id"], name="fk_cc_transaction_contact_id"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_transaction_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_transaction"),
        sealed_check("number", "ck_cc_transaction_number_sealed"),
        sealed_check("billing_name", "ck_cc_transaction_billing_name_sealed"),
        sealed_check("billing_street", "ck_cc_transaction_billing_street_sealed"),
        sealed_check("billing_city", "ck_cc_transaction_billing_city_sealed"),
        sealed_check("billing_region", "ck_cc_transaction_billing_region_sealed"),
        sealed_check("billing_postal_code", "ck_cc_transaction_billing_postal_code_sealed"),
        sealed_check("billing_country", "ck_cc_transaction_billing_country_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_transaction")
