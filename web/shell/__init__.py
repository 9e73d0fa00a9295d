"""What the console and the portal share: pages, forms, languages, sessions, access; never a cookie."""
