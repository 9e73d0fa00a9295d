"""Decisions of the organisation as dated, reviewed text, and the strict loader that reads them."""
