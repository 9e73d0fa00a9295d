"""What happens to a sealed attribute between assignment and INSERT or UPDATE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from weakref import WeakSet

from sqlalchemy import Connection, event
from sqlalchemy import inspect as inspect_state
from sqlalchemy.orm import InstanceState, Mapper, Session, object_session
from sqlalchemy.orm.attributes import QueryableAttribute

from consentcore.crypto.envelope import FieldCipher, looks_sealed, seal
from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KEYRING_KEY, Keyring
from consentcore.crypto.pending import Pending, PlaintextRefused
from consentcore.crypto.sealedtext import SealedText
from consentcore.errors import BadInput, ConfigurationError, InvalidTransition
from consentcore.identifiers import row_id

Plan = dict[str, SealedText]
_PLANS: dict[type[Any], Plan] = {}
_FLUSH_KEYS = "cc_flush_keys"
_BOUND = ("id", "subject_ref")


def plan_of(model: type[Any]) -> Plan:
    """Return the sealed attributes of a mapped class: name -> column type."""
    return _PLANS.get(model, {})


@event.listens_for(Mapper, "after_mapper_constructed")
def _equip(mapper: Mapper[Any], model: type[Any]) -> None:
    """Hang the listeners on every class with sealed columns, a host application's classes included."""
    plan = {key: column.type for key, column in mapper.columns.items() if isinstance(column.type, SealedText)}
    if not plan:
        return
    for needed in _BOUND:
        if needed not in mapper.columns:
            raise ConfigurationError(f"{model.__name__} has sealed columns and therefore needs a column {needed}")
    _PLANS[model] = plan
    for key, kind in plan.items():
        _wrap_assignments(getattr(model, key), kind)
    event.listen(model, "init", _name_row)
    event.listen(mapper, "before_insert", _before_insert)
    event.listen(mapper, "before_update", _before_update)


def _wrap_assignments(attribute: QueryableAttribute[Any], kind: SealedText) -> None:
    def wrap(_target: object, value: object, _old: object, _initiator: object) -> object:
        if value is None or isinstance(value, Pending) or looks_sealed(value):
            return value
        if isinstance(value, str):
            return Pending(value)
        raise PlaintextRefused(f"{kind.field_name} takes a text")

    event.listen(attribute, "set", wrap, retval=True)


def _name_row(_target: object, _args: object, kwargs: dict[str, Any]) -> None:
    if kwargs.get("id") is None:
        kwargs["id"] = row_id()


def _before_insert(_mapper: Mapper[Any], _connection: Connection, target: object) -> None:
    _seal_pending(target)


def _before_update(_mapper: Mapper[Any], _connection: Connection, target: object) -> None:
    state: InstanceState[Any] = inspect_state(target)
    for name in _BOUND:
        if name in state.committed_state and state.committed_state[name] != state.dict.get(name):
            raise InvalidTransition(
                f"{type(target).__name__}.{name} never changes: the sealed columns of the row are bound to it"
            )
    _seal_pending(target)


def _seal_pending(target: object) -> None:
    values = target.__dict__
    pending = [(key, kind) for key, kind in _PLANS[type(target)].items() if type(values.get(key)) is Pending]
    if not pending:
        return
    row, subject = values.get("id"), values.get("subject_ref")
    if not isinstance(row, UUID) or not isinstance(subject, UUID):
        row, subject = getattr(target, "id", None), getattr(target, "subject_ref", None)
    if not isinstance(row, UUID) or not isinstance(subject, UUID):
        raise BadInput(f"{type(target).__name__} needs its id and subject_ref before its columns can be sealed")
    session = object_session(target)
    keys = {} if session is None else session.info.get(_FLUSH_KEYS, {})
    for key, kind in pending:
        cipher = keys.get((subject, kind.key_class))
        if cipher is None:
            cipher = keyring_of(session).field_cipher(subject, kind.key_class)
        sealed_value = seal(cipher, kind.number, row.bytes, subject.bytes, kind.encode(values[key].text))
        values[key] = sealed_value  # past the "set" event: the flush reads this dict


def keyring_of(session: Session | None) -> Keyring:
    """Return the keyring of a bound session.

    Raises: ConfigurationError for a session that was never bound.
    """
    keyring = None if session is None else session.info.get(KEYRING_KEY)
    if not isinstance(keyring, Keyring):
        raise ConfigurationError("this session has no keyring; bind its factory with consentcore.binding.bind")
    return keyring


def fetch_keys(session: Session, _context: object = None, _instances: object = None) -> None:
    """Before a flush: open the keys of every subject with something to seal, one query for each key class."""
    wanted: dict[KeyClass, set[UUID]] = {}
    for target in _candidates(session):
        values = target.__dict__
        for key, kind in _PLANS.get(type(target), {}).items():
            if type(values.get(key)) is Pending and isinstance(values.get("subject_ref"), UUID):
                wanted.setdefault(kind.key_class, set()).add(values["subject_ref"])
    if not wanted:
        return
    keyring = keyring_of(session)
    keys: dict[tuple[UUID, KeyClass], FieldCipher] = {}
    for key_class, subjects in wanted.items():
        opened = keyring.ciphers([subject.bytes for subject in subjects], key_class)
        keys |= {(UUID(bytes=raw), key_class): cipher for raw, cipher in opened.items()}
    session.info[_FLUSH_KEYS] = keys


def drop_keys(session: Session, *_: object) -> None:
    """After a flush, done or failed: let its keys go."""
    session.info.pop(_FLUSH_KEYS, None)


def _candidates(session: Session) -> Iterable[object]:
    yield from session.new
    yield from session.dirty


_ATTACHED: WeakSet[Any] = WeakSet()


def attach(session_factory: Any) -> None:
    """Hang the key fetch on a session factory (sessionmaker, scoped_session, Session class), once."""
    # Not by `event.contains`: it goes by the factory's address, and calls a new factory at an old address known.
    if session_factory in _ATTACHED:
        return
    _ATTACHED.add(session_factory)
    for name, listener in (("before_flush", fetch_keys), ("after_flush", drop_keys), ("after_rollback", drop_keys)):
        event.listen(session_factory, name, listener)
