"""The page that a browser shows at the end of signing in."""

from __future__ import annotations

from html import escape

from keystead.http.guards import Answer

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em;"
    "color:#1a1a1a;background:#fff}h1{font-size:1.4em}code{font-size:.95em}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1a1a1a}}"
)
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(title: str, *paragraphs: str, status: int = 200) -> Answer:
    """A page without scripts, links or anything from elsewhere; literals are in backticks."""
    body = "".join(f"<p>{_marked(text)}</p>" for text in paragraphs)
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<body><h1>{_marked(title)}</h1>{body}</body></html>"
    )
    headers = {"content-security-policy": _POLICY, "referrer-policy": "no-referrer"}
    return Answer(status, html.encode(), "text/html; charset=utf-8", headers)


def _marked(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
