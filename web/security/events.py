"""Events of access to the service."""

from __future__ import annotations

from consentcore.ledger.events import register

APIKEY_CREATED = register("apikey.created", "a machine was given a key, with these scopes")
APIKEY_REVOKED = register("apikey.revoked", "a machine's key was revoked")
