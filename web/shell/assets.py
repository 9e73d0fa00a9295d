"""Style sheets, fonts and icons: one small application that serves them, by the hash of all, compressed, for ever."""

from __future__ import annotations

import gzip
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from werkzeug.wrappers import Request, Response

FOLDER = Path(__file__).parent.parent / "static"
SERVED = (".css", ".js", ".svg", ".woff2")
_COMPRESSED = (".css", ".js", ".svg")
_HASH_CHARS = 16
# Pictures inside Bootstrap's rules: our pages show none of them and the policy refuses their scheme. A browser that
# works out a style before our theme is there would ask for them all the same, which is reported as a breach.
_PICTURE_INSIDE = re.compile(rb"""url\((?:"data:[^"]*"|'data:[^']*'|data:[^)]*)\)""")
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    content: bytes
    compressed: bytes | None
    mime: str


@cache
def assets() -> dict[str, Asset]:
    """Return every served file by its path, such as `css/theme.css`."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in SERVED and path.is_file():
            content = path.read_bytes()
            if path.suffix == ".css":
                content = _PICTURE_INSIDE.sub(b"none", content)
            packed = gzip.compress(content, 9, mtime=0) if path.suffix in _COMPRESSED else None
            mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            name = path.relative_to(FOLDER).as_posix()
            found[name] = Asset(content, packed, "font/woff2" if path.suffix == ".woff2" else mime)
    return found


@cache
def fingerprint() -> str:
    """Return the hash that stands in every address of an asset: another file, another address."""
    whole = sha256()
    for name, asset in assets().items():
        whole.update(name.encode() + b"\0" + sha256(asset.content).digest())
    return whole.hexdigest()[:_HASH_CHARS]


def serve(request: Request) -> Response:
    """Answer a request for an asset; anything else is not there."""
    mark, _, name = request.path.lstrip("/").partition("/")
    asset = assets().get(name) if mark == fingerprint() else None
    if asset is None:
        return Response(status=HTTPStatus.NOT_FOUND, headers={"Cache-Control": "no-store"})
    if request.method not in ("GET", "HEAD"):
        return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
    if asset.compressed is not None and request.accept_encodings["gzip"]:
        return Response(asset.compressed, mimetype=asset.mime, headers={**_HEADERS, "Content-Encoding": "gzip"})
    return Response(asset.content, mimetype=asset.mime, headers=_HEADERS)


application = Request.application(serve)
"""The WSGI application, mounted beside the faces at `/static`."""
