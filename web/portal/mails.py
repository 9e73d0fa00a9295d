"""Mails of the portal: plain texts in every language of the controller, so that none tells which one a record names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from consentcore.policyset import Controller
from web.security.codes import MINUTES

_CODE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Votre code pour vos données personnelles",
            "Votre code : __CODE__\n\n"
            "Saisissez-le dans la page qui vous l'a demandé. Il est valable __MINUTES__ minutes et ne sert qu'une "
            "fois. Personne chez nous ne vous le demandera.\n\n"
            "Vous n'avez rien demandé ? Ignorez ce message : sans le code, rien ne se passe.",
        ),
        "en": (
            "Your code for your personal data",
            "Your code: __CODE__\n\n"
            "Enter it on the page that asked for it. It is valid for __MINUTES__ minutes and works once. Nobody here "
            "will ever ask you for it.\n\n"
            "You asked for nothing? Ignore this message: without the code, nothing happens.",
        ),
    }
)

_SAVED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Vos choix sont enregistrés",
            "Vous venez de changer :\n\n__LINES__\n\n"
            "Cela vaut dès maintenant. Vous pouvez changer d'avis à tout moment, sur la même page. Pour chaque "
            "consentement, une preuve vérifiable y est à votre disposition.\n\n"
            "Ce n'était pas vous ? Répondez-nous sans attendre.",
        ),
        "en": (
            "Your choices are saved",
            "You have just changed:\n\n__LINES__\n\n"
            "This counts from now on. You can change your mind at any time, on the same page. For each consent a "
            "proof that can be verified is kept there for you.\n\n"
            "It was not you? Tell us without delay.",
        ),
    }
)


def sign_in_code(controller: Controller, code: str) -> tuple[str, str]:
    """Return subject and text of the mail that carries a code; the subject, which lock screens show, does not."""
    return letter(controller, _CODE, {"CODE": f"{code[:3]} {code[3:]}", "MINUTES": str(MINUTES)})


def choices_saved(controller: Controller, lines: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return subject and text of the mail that says which choices were changed; `lines` are those, by language."""
    return letter(controller, _SAVED, {}, lines)


def letter(
    controller: Controller,
    texts: Mapping[str, tuple[str, str]],
    values: Mapping[str, str],
    lines: Mapping[str, Sequence[str]] | None = None,
) -> tuple[str, str]:
    """Return subject and text of a mail: a title and a text by language, values put in by name, then who we are.

    `lines` by language stand in place of `__LINES__`, each with a dash before it.
    """
    languages = [one for one in controller.languages if one in texts] or [next(iter(texts))]
    parts = []
    for language in languages:
        title, text = texts[language]
        listed = "\n".join(f"- {line}" for line in (lines or {}).get(language, ()))
        parts += [title, _filled(text, {**values, "LINES": listed})]
    parts.append(f"{controller.name}\n{controller.address}\n{controller.dpo_email}")
    return " / ".join(texts[one][0] for one in languages), "\n\n".join(parts) + "\n"


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"__{name}__", value)
    return text
