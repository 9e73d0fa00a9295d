"""The second wall, on PostgreSQL: row-level security that admits a purpose, or a verb of a closed list.

A unit of work that says neither sees no rows of persons (R-18-1). The words are transaction-local settings, which
`consentcore.personal_data.wall` sets. The owner of the tables migrates and is exempt; the serving role is not.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, Dialect, Engine, MetaData, Table, inspect, literal_column, text

from consentcore.columns import INFO_KEY
from consentcore.consent.gate_tables import OPEN_TO_ALL, SUBJECT
from consentcore.consent.reach import GroundKind, Terms, reached
from consentcore.db import Base
from consentcore.errors import ConfigurationError
from consentcore.personal_data.links import SUBJECT_LINK
from consentcore.personal_data.wall import GROUND, NOW, PURPOSE, VERB, WIDER, Verb

VIEW = "cc_wall_reach"
READ, WRITE, REMOVE, ADD = "cc_wall_read", "cc_wall_write", "cc_wall_remove", "cc_wall_add"
POLICIES = {READ: "SELECT", WRITE: "UPDATE", REMOVE: "DELETE", ADD: "INSERT"}


def raise_wall(owner: Engine, serving_role: str) -> list[str]:
    """Put policies on every table of persons and give the serving role what it needs; returns the tables behind it.

    Effects: one transaction of DDL as the owner; done again, it leaves the same wall. Raises: ConfigurationError when
    the role is missing, owns the tables, or may step over row-level security.
    """
    with owner.begin() as connection:
        _require_role(connection, serving_role)
        quoted = connection.dialect.identifier_preparer.quote(serving_role)
        connection.execute(text(_view(connection.dialect)))
        walled = [table for table in _persons(Base.metadata) if _exists(connection, table.name)]
        for table in walled:
            for statement in _policies(table):
                connection.execute(text(statement))
        for statement in _grants(quoted):
            connection.execute(text(statement))
        return [table.name for table in walled]


def problems_of_wall(engine: Engine) -> list[str] | None:
    """Return what is wrong with the wall as the serving role meets it; None where there is no wall at all."""
    if engine.dialect.name != "postgresql":
        return None
    with engine.connect() as connection:
        standing = _standing(connection)
        if not standing:
            return None
        missing = sorted(
            {table.name for table in _persons(Base.metadata) if _exists(connection, table.name)} - standing
        )
        found = [f"table {name} stands outside the second wall; run `consentcore db upgrade`" for name in missing]
        row = connection.execute(
            text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).scalar_one()
        owned = connection.execute(
            text("SELECT count(*) FROM pg_tables WHERE tablename = ANY(:names) AND tableowner = current_user"),
            {"names": sorted(standing)},
        ).scalar_one()
    if row:
        found.append("the serving role may step over row-level security; take SUPERUSER and BYPASSRLS from it")
    if owned:
        found.append(
            "the serving role owns tables of persons, so their policies do not bind it; migrate as another role"
        )
    return found


def stands(engine: Engine) -> bool:
    """Tell whether policies stand on the tables of persons, so that units have to say what they do."""
    if engine.dialect.name != "postgresql":
        return False
    with engine.connect() as connection:
        return bool(_standing(connection))


def _standing(connection: Connection) -> set[str]:
    """Return the tables that carry all four policies and have row-level security switched on."""
    rows = connection.execute(
        text(
            "SELECT p.tablename FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename"
            " AND c.relnamespace = p.schemaname::regnamespace"
            " WHERE p.schemaname = current_schema() AND p.policyname = ANY(:names) AND c.relrowsecurity"
            " GROUP BY p.tablename HAVING count(*) = :all"
        ),
        {"names": sorted(POLICIES), "all": len(POLICIES)},
    )
    return set(rows.scalars())


def _require_role(connection: Connection, role: str) -> None:
    found = connection.execute(
        text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).scalar_one_or_none()
    if found is None:
        raise ConfigurationError(f"PostgreSQL knows no role {role!r}; CREATE ROLE it with LOGIN, then run this again")
    if found:
        raise ConfigurationError(
            f"role {role!r} may step over row-level security; ALTER ROLE it with NOSUPERUSER NOBYPASSRLS"
        )
    if role == connection.execute(text("SELECT current_user")).scalar_one():
        raise ConfigurationError("the role that migrates owns the tables; serve as another one")


def _persons(metadata: MetaData) -> Iterator[Table]:
    """Yield the tables behind the wall: whoever's rows, a person's, linked to one, or personal without saying whose."""
    for table in metadata.sorted_tables:
        personal = any(column.info.get(INFO_KEY, {}).get("personal") for column in table.columns)
        if personal and table.name not in OPEN_TO_ALL:
            yield table


def _exists(connection: Connection, name: str) -> bool:
    return inspect(connection).has_table(name)


def _view(dialect: Dialect) -> str:
    """Return the view that tells whom the purpose of the transaction reaches, by the same rules as the gate.

    It reads with its owner's eyes: a policy that read the tables itself would ask itself for ever.
    """
    terms = Terms(
        purpose=_setting(PURPOSE),
        wider=_setting(WIDER),
        now=literal_column(f"coalesce(nullif(current_setting('{NOW}', true), '')::timestamptz, now())"),
        channels=None,
    )
    parts = []
    for kind in GroundKind:
        asked = reached(kind, terms).where(literal_column(f"current_setting('{GROUND}', true) = '{kind.value}'"))
        parts.append(str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True})))
    return f"CREATE OR REPLACE VIEW {VIEW} AS {' UNION ALL '.join(parts)}"


def _setting(name: str) -> ColumnElement[str]:
    return literal_column(f"current_setting('{name}', true)")


def _policies(table: Table) -> Iterator[str]:
    verbs = ", ".join(f"'{verb.value}'" for verb in Verb)
    acting = f"current_setting('{VERB}', true) IN ({verbs})"
    reads = f"({acting}) OR ({_admitted(table)})"
    said = f"({acting}) OR (coalesce(current_setting('{PURPOSE}', true), '') <> '')"
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"
    for name, command in POLICIES.items():
        yield f"DROP POLICY IF EXISTS {name} ON {table.name}"
        rule = f"WITH CHECK ({said})" if command == "INSERT" else f"USING ({reads})"
        yield f"CREATE POLICY {name} ON {table.name} FOR {command} {rule}"


def _admitted(table: Table) -> str:
    """Return the condition of a purpose on a table's rows: EXISTS, for an IN would list everybody for each row."""
    link = table.info.get(SUBJECT_LINK)
    if SUBJECT in table.columns:
        return f"EXISTS (SELECT 1 FROM {VIEW} r WHERE r.subject_ref = {table.name}.subject_ref)"  # noqa: S608
    if link is not None:  # the rows of the link table are behind the wall themselves
        return f"EXISTS (SELECT 1 FROM {link.table} l WHERE l.{link.column} = {table.name}.{link.key})"  # noqa: S608
    return "false"


def _grants(role: str) -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON {VIEW} FROM {role}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON cc_alembic_version FROM {role}"
