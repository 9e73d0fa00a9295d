"""A zip whose bytes repeat, with a manifest that names each file's size and hash."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consentcore.clock import iso, to_second

MANIFEST = "manifest.json"
_OWNER_ALONE = 0o100600 << 16


def json_bytes(value: Any) -> bytes:
    """Write a value as indented UTF-8 JSON that ends in a newline."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def zip_bytes(files: Mapping[str, bytes], reference: str, now: datetime) -> bytes:
    """Pack files in the order given, the manifest last; the same files at the same instant give the same bytes."""
    listed = [
        {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    ]
    manifest = {"format": "consentcore manifest 1", "reference": reference, "composed_at": iso(to_second(now))}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**files, MANIFEST: json_bytes({**manifest, "files": listed})}.items():
            entry = zipfile.ZipInfo(name, to_second(now).timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, so that the same bytes come out everywhere
            entry.external_attr = _OWNER_ALONE
            packed.writestr(entry, content)
    return stream.getvalue()
