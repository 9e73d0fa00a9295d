"""Development only: the mails that were written to files, as a page, so that nobody has to open a folder."""
