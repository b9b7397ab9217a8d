"""The security headers of the page. A static host that serves the page sends the same ones: deploy/nginx.conf has them."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

# Svelte inserts its compiled templates through the first policy; the second decodes character references (markdown/draw.ts).
_TRUSTED_TYPES = "svelte-trusted-html crosstalk-entities"
_HOST = re.compile(r"[a-z0-9._-]+(:[0-9]{1,5})?")


def page_headers(api: str) -> list[tuple[str, str]]:
    """Names and values. `api` is the address in the page's config.json, the only other host that the page connects to."""
    return [
        ("Content-Security-Policy", _policy(api)),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]


def api_of(page: Path) -> str:
    """The address in the config.json of a built page; empty when the file is missing or has none."""
    try:
        config = json.loads((page / "config.json").read_bytes())
    except (OSError, ValueError):
        return ""
    api = config.get("api") if isinstance(config, dict) else None
    return api if isinstance(api, str) else ""


def _policy(api: str) -> str:
    connect = " ".join(["'self'", *_sources(api)])
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            f"trusted-types {_TRUSTED_TYPES}",
        ]
    )


def _sources(api: str) -> list[str]:
    """What connect-src lists for the API: its origin for HTTP and for WebSocket. An address on the page's own origin needs none."""
    try:
        parts = urlsplit(api)
    except ValueError:
        return []
    if parts.scheme not in ("http", "https"):
        return []
    live = "wss" if parts.scheme == "https" else "ws"
    host = parts.netloc.lower()
    if host.startswith("["):
        # A host source of CSP cannot be an IPv6 address, so the policy can name the schemes only.
        return [f"{parts.scheme}:", f"{live}:"]
    return [f"{parts.scheme}://{host}", f"{live}://{host}"] if _HOST.fullmatch(host) else []
