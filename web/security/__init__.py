"""Who may do what over the faces, and what every answer carries."""
