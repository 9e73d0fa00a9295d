"""The four people of the made-up company who sign in to the console, one for each role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from web.security import passwords
from web.security import staff as accounts
from web.security.permissions import Role
from web.wiring import Service

DPO = "camille@exemplia-jardins.example"


@dataclass(frozen=True, slots=True)
class Login:
    """How one of them signs in; `password` is random, and stands nowhere else."""

    email: str
    name: str
    role: Role
    password: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody who works there, by role."""

    dpo: Login
    operator: Login
    approver: Login
    auditor: Login

    @property
    def everyone(self) -> Sequence[Login]:
        """All four."""
        return (self.dpo, self.operator, self.approver, self.auditor)


def hire() -> Staff:
    """Make four people up, each with a password of his own."""
    return Staff(
        dpo=Login(DPO, "Camille Exemple", Role.DPO, passwords.make()),
        operator=Login("nour@exemplia-jardins.example", "Nour Modèle", Role.OPERATOR, passwords.make()),
        approver=Login("alix@exemplia-jardins.example", "Alix Essai", Role.APPROVER, passwords.make()),
        auditor=Login("sacha@exemplia-jardins.example", "Sacha Témoin", Role.AUDITOR, passwords.make()),
    )


def open_accounts(session: Session, service: Service, *, staff: Staff) -> None:
    """Make their accounts, in the caller's unit."""
    for one in staff.everyone:
        accounts.add(session, service.keyring, one.email, one.name, one.role, service.now(), password=one.password)
