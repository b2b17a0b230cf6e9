"""The static files, read once and served under an address that names their content."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

STATIC = Path(__file__).resolve().parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"


class Assets:
    """Every file below ``static/``, in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        everything = hashlib.sha256()
        for name in sorted(files):
            everything.update(name.encode() + b"\0" + files[name])
        self._digest = everything.hexdigest()[:12]

    @classmethod
    def read(cls, folder: Path = STATIC) -> "Assets":
        """The files of a folder whose kind we know."""
        files = [path for path in folder.rglob("*") if path.suffix in MEDIA_TYPES and path.is_file()]
        return cls({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})

    def url(self, name: str) -> str:
        """Where to fetch a file.  Raises KeyError for one that does not exist."""
        return f"/static/{self._digest}/{name}" if name in self._files else _missing(name)

    async def serve(self, request: Request) -> Response:
        """One file; kept for ever by browsers that ask for the present content."""
        name = request.path_params["name"]
        if name not in self._files:
            raise HTTPException(404)
        current = request.path_params["digest"] == self._digest
        return Response(
            self._files[name],
            media_type=MEDIA_TYPES[Path(name).suffix],
            headers={"Cache-Control": FOR_EVER if current else "no-cache"},
        )


def _missing(name: str) -> str:
    raise KeyError(f"no static file {name}")
