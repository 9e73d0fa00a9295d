from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from consentcore.crypto.keyclasses import KeyClass
from consentcore.crypto.keyring import KeyDestroyed, Keyring
from consentcore.crypto.orphans import orphans, sweep_orphans
from consentcore.errors import NotFound


def test_only_old_keys_of_unknown_subjects_go(keyring: Keyring, now: datetime) -> None:
    known, unknown, young = ([uuid4() for _ in range(count)] for count in (700, 600, 3))
    keyring.ensure(known + unknown, now)
    keyring.ensure(young, now + timedelta(days=1))
    real = set(known)

    def recognise(asked: Sequence[UUID]) -> set[UUID]:
        assert len(asked) <= 500
        return real.intersection(asked)

    limit = now + timedelta(hours=1)
    found = [each for batch in orphans(keyring, recognise, made_before=limit) for each in batch]
    assert sorted(found) == sorted(unknown)
    keyring.warm(unknown, KeyClass.PROFILE)
    assert sweep_orphans(keyring, recognise, made_before=limit) == 600
    assert sorted(keyring.missing(known + unknown + young)) == sorted(unknown)
    keyring.warm([], KeyClass.PROFILE)
    with pytest.raises(NotFound) as caught:
        keyring.field_cipher(unknown[0], KeyClass.PROFILE)
    assert not isinstance(caught.value, KeyDestroyed)
    assert sweep_orphans(keyring, recognise, made_before=limit) == 0
