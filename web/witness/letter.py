"""The mail that carries a checkpoint out of the house, in every language of the controller."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from consentcore.ledger.proofs import SignedCheckpoint
from consentcore.outbox.put import Message
from consentcore.policyset import Controller

KIND = "checkpoint"
_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Journal des preuves : état à conserver",
            "Ce message contient l'état actuel de notre journal des preuves (__SIZE__ entrées), signé par le journal. "
            "Conservez-le hors de nos systèmes : avec lui, on pourra constater si une entrée a été réécrite ou retirée "
            "depuis. Il ne contient aucune donnée personnelle.\n\n"
            "Pour vérifier, enregistrez ce message dans un fichier, puis, sur la machine du journal : "
            "consentcore ledger verify --against FICHIER",
        ),
        "en": (
            "Log of proofs: a state to keep",
            "This message holds the present state of our log of proofs (__SIZE__ entries), signed by the log. Keep it "
            "outside our systems: with it, anyone can tell whether an entry was rewritten or taken away since. It "
            "holds no personal data.\n\n"
            "To verify, save this message as a file and, on the log's machine, run: "
            "consentcore ledger verify --against FILE",
        ),
    }
)


def checkpoint_letter(controller: Controller, checkpoint: SignedCheckpoint, to: str) -> Message:
    """Return the message with the newest checkpoint, as its signed note, for the outbox."""
    languages = [one for one in controller.languages if one in _TEXTS] or list(_TEXTS)
    titles = [_TEXTS[one][0] for one in languages]
    parts = [f"{_TEXTS[one][0]}\n\n{_TEXTS[one][1]}" for one in languages]
    text = "\n\n".join(parts).replace("__SIZE__", str(checkpoint.size))
    signature = f"{controller.name}\n{controller.address}\n{controller.dpo_email}"
    return Message(KIND, to, " / ".join(titles), f"{text}\n\n{checkpoint.note}\n{signature}\n")
