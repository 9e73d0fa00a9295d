"""Events of access to the service."""

from __future__ import annotations

from consentcore.ledger.events import register

APIKEY_CREATED = register("apikey.created", "a machine was given a key, with these scopes")
APIKEY_REVOKED = register("apikey.revoked", "a machine's key was revoked")
STAFF_ADDED = register("staff.added", "an account of staff was made, with this role")
STAFF_DISABLED = register("staff.disabled", "an account of staff was closed, its sessions ended")
STAFF_PASSWORD = register("staff.password_changed", "an account of staff has a new password, its sessions ended")
STAFF_SIGNED_IN = register("staff.signed_in", "a member of staff signed in to the console")
STAFF_SIGN_IN_FAILED = register("staff.sign_in_failed", "signing in to an account of staff failed")
SIGNALLED = register("objection.signalled", "a person's browser asked not to pass data on (Sec-GPC, Art. 21(5))")
PACKAGE_HANDED_OVER = register(
    "package.handed_over", "a package of a person's data was handed to that person (Art. 12(3))"
)
