"""Pictures of frozen data: packages, letters and sheets; nothing here reads a database."""
