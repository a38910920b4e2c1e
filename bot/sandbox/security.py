"""What keeps other web pages away from a server on loopback.

A page from anywhere can make a browser send requests to 127.0.0.1, and can bind its own name to that address. So the
Host must be an address or a name of ours, a request that changes something must come from our own page or from no
page, and no page of ours loads anything from elsewhere.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox import errors

log = structlog.get_logger(__name__)

FAILED = "Internal Server Error: the sandbox failed, see its log"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "frame-src 'self' http://127.0.0.1:* http://localhost:*; "  # Mini Apps that the bot serves on this machine
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)


def guard(own_host: str) -> Middleware:
    """Returns the middleware for a server that listens on this host name or address."""
    names = {"localhost", own_host.lower(), socket.gethostname().lower()}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_ours(request.host, names):
            return _refuse("this Host is not served here")
        origin = request.headers.get("Origin")
        if origin is not None and request.method not in ("GET", "HEAD") and not _same_origin(origin, request):
            return _refuse("requests from other pages are not taken")
        if (
            request.headers.get("Sec-Fetch-Site") == "cross-site"
            and request.headers.get("Sec-Fetch-Mode") != "navigate"
        ):
            return _refuse("requests from other pages are not taken")
        return await handler(request)

    return check


@web.middleware
async def refusals_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers refusals of the user side, unknown paths and failures of ours as JSON."""
    try:
        return await handler(request)
    except errors.ApiError as refused:
        return web.json_response({"ok": False, "description": refused.description}, status=refused.status)
    except web.HTTPException as refused:
        if refused.status < 400:
            raise
        body = {"ok": False, "error_code": refused.status, "description": refused.reason}
        return web.json_response(body, status=refused.status)
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("sandbox.request_failed", method=request.method, route=_route(request))
        return web.json_response(errors.ServerFailure(500, FAILED).body(), status=500)


def _route(request: web.Request) -> str:
    """Returns the pattern of the path; the path itself may hold a token."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _is_ours(host: str, names: set[str]) -> bool:
    name = (urlsplit(f"//{host}").hostname or "").lower()
    if name in names:
        return True
    try:
        ip_address(name)  # an address cannot be bound to another page's name
    except ValueError:
        return False
    return True


def _same_origin(origin: str, request: web.Request) -> bool:
    return urlsplit(origin).netloc.lower() == request.host.lower()


def _refuse(description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": 403, "description": f"Forbidden: {description}"}, status=403)
