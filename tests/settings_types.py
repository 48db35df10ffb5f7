"""Settings for the type checker alone: it has to see the models of both rooms, which no process ever does."""

import os
import tempfile

_PLACES = {"PVTRACKER_STORAGE": tempfile.gettempdir(), "PVTRACKER_OPEN_STORAGE": tempfile.gettempdir()}
_VALUES = {
    "PVTRACKER_ROOM": "closed",
    "PVTRACKER_SECRET_KEY": "types",
    "PVTRACKER_DATABASE_URL": "postgresql://types@/types",
    "PVTRACKER_BROKER_URL": "memory://",
    "PVTRACKER_STORAGE_KEY": "dHlwZXM=",
}
os.environ.update({**_VALUES, **_PLACES})

from pvtracker.settings import *  # noqa: E402, F403 - the environment has to be set first
from pvtracker.settings import CLOSED_ONLY, INSTALLED_APPS, OPEN_ONLY  # noqa: E402

OAUTH = ["rest_framework", "drf_spectacular", "oauth2_provider"]
INSTALLED_APPS = [
    *INSTALLED_APPS,
    *OAUTH,
    *[f"pvtracker.{app}" for app in OPEN_ONLY if app not in CLOSED_ONLY],
]
