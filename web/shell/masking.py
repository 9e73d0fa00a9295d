"""Names and addresses as they are shown where nobody needs to read them: enough to recognise, too little to learn."""

from __future__ import annotations

_DOTS = "…"


def masked_name(*parts: str | None) -> str:
    """Show a name by its initials: `J… D…`; a dash where there is none."""
    return " ".join(f"{part.strip()[:1]}{_DOTS}" for part in parts if part and part.strip()) or "—"


def masked_email(address: str) -> str:
    """Show an e-mail address by its ends: `j…d@ex…le.fr`; a short part by its first letter alone."""
    local, _, domain = address.strip().rpartition("@")
    name, dot, ending = domain.rpartition(".")
    if not local or not name:
        return _DOTS
    return f"{_ends(local, 1)}@{_ends(name, 2)}{dot}{ending}"


def masked_phone(number: str) -> str:
    """Show a telephone number by its last two digits."""
    return f"{_DOTS}{number.strip()[-2:]}" if len(number.strip()) > 6 else _DOTS


def _ends(text: str, kept: int) -> str:
    if len(text) <= 2 * kept + 1:
        return f"{text[:1]}{_DOTS}"
    return f"{text[:kept]}{_DOTS}{text[-kept:]}"
