"""What X makes a link of (twitter-text 3)."""

import re
from typing import Final

_BEFORE = r"A-Za-z0-9@＠$#＃"
_SIGNS = r"\u202a-\u202e\u2061-\u2064\ufffe\ufeff\uffff"
_LABEL = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\."
_END = (
    r"(?:com|org|net|edu|gov|info|biz|io|co|ai|app|dev|me|tv|xyz|online|shop|site|store|cn|jp|kr|tw|hk|sg|th|vn|in"
    r"|id|my|ph|ae|sa|eg|us|uk|ca|au|nz|de|fr|es|it|nl|pl|pt|br|mx|ru|eu|ch|at|se|no|dk|fi|tr|il|za)"
    r"(?![0-9a-z@+-])(?::[0-9]+)?"
    r"(?:/(?:[a-z0-9!*';:=+,.$/%#_~@&()-]*[a-z0-9=+_#/-])?)?"
    r"(?:\?[a-z0-9!?*';:=+,.$/%#_~@&()-]*[a-z0-9=_#/&-])?"
)
LINK: Final = re.compile(
    rf"(?P<sure>(?<![{_BEFORE}{_SIGNS}])https?://(?:[\w-]+\.)+{_END}|(?<![{_BEFORE}{_SIGNS}_./-])(?:{_LABEL})+{_END})"
    rf"|(?<![{_BEFORE}{_SIGNS}])https?://[\w-]+\.(?=[\w-])"
    rf"|(?<=[{_SIGNS}])https?://(?=[\w-]+\.[\w-])"
    rf"|(?<![{_BEFORE}_./-])[a-z0-9][a-z0-9_-]*\.(?=(?:[a-z0-9_-]+\.)*[a-z]{{2}})",
    re.IGNORECASE,
)
"""sure: an address that X takes for a link; else the beginning of what may be one, as ``a.`` of ``a.museum``."""


def has_link(text: str) -> bool:
    """Whether a post with this text has a link in it, or may have."""
    return LINK.search(text) is not None
