"""The names under which declarations of consent stand in the log."""

from __future__ import annotations

from consentcore.consent.tables import ConsentState
from consentcore.ledger.events import register

_MEANINGS = {
    ConsentState.GIVEN: "a person consented (Art. 4(11))",
    ConsentState.RENEWED: "a person renewed a consent before or after its end (R-7-7)",
    ConsentState.REFUSED: "a person said no when asked",
    ConsentState.WITHDRAWN: "a person withdrew a consent (Art. 7(3))",
    ConsentState.EXPIRED: "a consent reached the end of its validity",
    ConsentState.REQUESTED: "a confirmation was asked for and is awaited (double opt-in)",
    ConsentState.INVALIDATED: "a consent was found not to be valid (Art. 7(2), 7(4))",
    ConsentState.UNKNOWN: "a consent was taken over without proof and may not be used (R-7-7)",
}

EVENT_OF = {state: f"consent.{state.value}" for state in ConsentState}
STATE_OF = {name: state for state, name in EVENT_OF.items()}

for _state, _name in EVENT_OF.items():
    register(_name, _MEANINGS[_state])
