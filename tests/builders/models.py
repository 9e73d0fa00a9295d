"""Load every mapped class, so that the metadata of both databases are whole."""

from __future__ import annotations

import functools
import importlib
import pkgutil

import consentcore
import policies
import registry


@functools.cache
def load_models() -> tuple[str, ...]:
    """Import every module of the packages that may hold rows, and return their names."""
    names = tuple(
        module.name
        for package in (consentcore, policies, registry)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    )
    names = (*names, "web.security.tables")  # of the faces only keys and remembered answers have rows
    for name in names:
        importlib.import_module(name)
    return names
