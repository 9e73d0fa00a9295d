"""Asking, following up and downloading."""

from __future__ import annotations

from flask import Blueprint

from web.portal import ask, check_answers, confirmation, download, follow

PAGES: tuple[Blueprint, ...] = (
    ask.PAGES,
    check_answers.PAGES,
    confirmation.PAGES,
    follow.PAGES,
    download.PAGES,
)
