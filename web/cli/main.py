"""`consentcore`: the entry point of the command line."""

from __future__ import annotations

import click

from consentcore import __version__
from web.cli import (
    apikeys,
    breaches,
    calls,
    consent,
    consent_rules,
    demo,
    importing,
    jobs,
    keys,
    ledger,
    notices,
    policies,
    prepare,
    register,
    requests,
    retention,
    staff,
    subjects,
    witness,
)
from web.cli.command import Group

NOUNS = (
    prepare.init,
    prepare.db,
    demo.demo,
    importing.import_,
    importing.quarantine,
    subjects.subjects,
    consent.consent,
    notices.notices,
    calls.calls,
    requests.requests,
    retention.retention,
    register.register,
    breaches.breaches,
    jobs.jobs,
    staff.staff,
    apikeys.apikeys,
    ledger.ledger,
    witness.witness,
    keys.keys,
    policies.policies,
)


consent.consent.add_command(consent_rules.rules)


@click.group(cls=Group)
@click.version_option(__version__)
def main() -> None:
    """Consent ledger, rights of data subjects, retention and register around an encrypted CRM.

    Every command takes --json. Exit: 0 done, 1 failed, 2 usage, 3 verification failed.
    """


for noun in NOUNS:
    main.add_command(noun)
