"""A made-up CRM that lives: its files, and the story that is told with them. Nobody in it exists."""
