"""CRM entities, each in its own file, their personal fields sealed."""
