"""Strings that want to be markup, script, template, header or query."""

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    'https://example.test/"onmouseover="alert(1)',
    "https://example.test/<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "{{ 9**9**9 }}{{ cycler.__init__.__globals__ }}",
    "{ticket.__class__}",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "<div hx-get='/signout' hx-trigger='load'>x</div>",
    "<form action=//evil.example.test><input name=csrf>",
    "\u202egnp.exe\u202c\u2066",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<style>*{display:none}</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "\\u003cscript\\u003ealert(1)",
    "a\r\nSet-Cookie: x=1",
)

MARKUP = (
    "<script>",
    "<script ",
    "<img src=x",
    "<svg/",
    "<iframe",
    "<style",
    "<a href=data",
    "<div hx-get='/s",
    "<form action=/",
)
"""What of them must not stand in a page as it is, as then it would be markup."""
