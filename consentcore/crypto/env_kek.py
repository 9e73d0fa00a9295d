"""Key encryption keys handed in by the environment: `1:base64[,2:base64]`."""

from __future__ import annotations

from consentcore.crypto.local_kek import LocalKek, decode_epoch, decode_key
from consentcore.errors import ConfigurationError, NotPermitted

_MOST = 64


class EnvKek(LocalKek):
    """Epochs read from a variable; the process can neither make nor destroy them, and says so."""

    def __init__(self, variable: str, value: str) -> None:
        self.name = f"env:{variable}"
        keys: dict[int, bytes] = {}
        parts = [part.strip() for part in value.strip().split(",")]
        if len(parts) > _MOST:
            raise ConfigurationError(f"variable {variable} holds more than {_MOST} epochs")
        for part in parts:
            number, found, text = part.partition(":")
            if not found or not number:
                raise ConfigurationError(f"variable {variable} is not of the form 1:base64[,2:base64]")
            epoch = decode_epoch(number, f"variable {variable}")
            if epoch in keys:
                raise ConfigurationError(f"variable {variable} holds epoch {epoch} twice")
            keys[epoch] = decode_key(text, f"epoch {epoch} in variable {variable}")
        if len(set(keys.values())) != len(keys):
            raise ConfigurationError(f"variable {variable} holds one key under two epochs; make a new key")
        super().__init__(keys, min(keys))

    def adopt(self, epoch: int) -> None:
        """Take as current the epoch that the keyring says is in use.

        Raises: ConfigurationError when the variable does not hold it.
        """
        if epoch not in self._aeads:
            raise ConfigurationError(f"{self.name} does not hold epoch {epoch}, which the keyring uses")
        self._current = epoch

    def rotate(self) -> int:
        """Go on to the next epoch that the variable holds.

        Raises: ConfigurationError when there is none.
        """
        later = [epoch for epoch in self._aeads if epoch > self._current]
        if not later:
            raise ConfigurationError(
                f"{self.name} holds no epoch after {self._current}; add the next one to the variable and start again"
            )
        self._current = min(later)
        return self._current

    def destroy(self, epoch: int) -> str:
        """Refuse: a process cannot take a value out of the environment that starts it.

        Raises: NotPermitted saying what to do instead.
        """
        raise NotPermitted(
            f"epoch {epoch} stands in {self.name}, which this process cannot destroy; remove it from the variable "
            "and from wherever the variable is kept, or use a file provider"
        )
