"""A made-up CRM for a first look: no line of it is about a real person."""
