"""ConsentCore: consent ledger, rights of data subjects, retention and encrypted CRM for one controller."""

__version__ = "0.1.0"
