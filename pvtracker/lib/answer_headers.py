"""Headers that every answer carries, static files included: what no other site and no device may do with it."""

from __future__ import annotations

from collections.abc import MutableMapping

FORBIDDEN_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
ISOLATION = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FORBIDDEN_FEATURES),
    "X-Permitted-Cross-Domain-Policies": "none",
}


def static_headers(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """Add them to a static file; whitenoise calls this for each."""
    for name, value in ISOLATION.items():
        headers[name] = value
