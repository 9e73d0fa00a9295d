"""The map says of each personal column what it is, and names what is missing from it (R-5-1)."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, String, Table

from consentcore.columns import FOUND_BY, Category, Erasure, Provenance, Ref, impersonal, personal
from consentcore.db import Base, KeyringBase
from consentcore.personal_data.datamap import compose, problems
from tests.builders.models import load_models

NAME = personal(Category.NAME, retention="contact")


def test_our_own_map_is_complete() -> None:
    load_models()
    found = compose([Base.metadata, KeyringBase.metadata])
    assert problems([Base.metadata, KeyringBase.metadata]) == []
    contact = {entry.column: entry for entry in found.of_table("cc_contact")}
    assert contact["last_name"].sealed and contact["last_name"].category is Category.NAME
    assert not contact["kind"].sealed and contact["kind"].erasure is Erasure.DELETE_ROW
    assert contact["first_name"].provenance is Provenance.PROVIDED
    assert "cc_log_leaf" not in found.tables() and "cc_consent_record" in found.tables()


def test_a_host_s_table_is_mapped_or_named() -> None:
    host = MetaData()
    Table("shop_order", host, Column("id", String(8), info=impersonal("order number")), Column("buyer", String(80)))
    assert problems([host]) == ["shop_order.buyer declares neither personal(...) nor impersonal(reason)"]


def test_personal_rows_must_be_findable() -> None:
    def told(table_info: dict[str, str], *, index: bool = False) -> list[str]:
        host = MetaData()
        parts = [Column("subject_ref", Ref, info=NAME), Column("buyer", String(80), info=NAME)]
        table = Table("shop_order", host, *parts, info=table_info)
        if index:
            Index("ix_subject", table.c.subject_ref)
        return problems([host])

    assert told({}) == ["shop_order holds personal data but has no indexed subject_ref and no found_by"]
    assert told({FOUND_BY: "the order number on the invoice"}) == []
    assert told({}, index=True) == []
