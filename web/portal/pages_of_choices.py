"""Signing in, preferences, unsubscribing and the history of consents."""

from __future__ import annotations

from flask import Blueprint

from web.portal import about, confirm, history, notices, preferences, sign_in, unsubscribe

PAGES: tuple[Blueprint, ...] = (
    sign_in.PAGES,
    preferences.PAGES,
    history.PAGES,
    notices.PAGES,
    unsubscribe.PAGES,
    confirm.PAGES,
    about.PAGES,
)
