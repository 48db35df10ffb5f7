"""Settings of one room. `PVTRACKER_ROOM` says which; a process holds the settings of that room and of no other.

Every value comes from the environment (docs/reference/settings.md). The launcher, which knows both rooms, never imports
this module: it gives each child process the variables of its own room only.
"""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF

from pvtracker.lib.answer_headers import static_headers
from pvtracker.lib.environment import MissingSetting, read, read_bool, read_list, read_url

BASE_DIR = Path(__file__).resolve().parent.parent
ROOM = read("PVTRACKER_ROOM")
if ROOM not in {"open", "closed"}:
    raise MissingSetting(f"PVTRACKER_ROOM must be open or closed, not {ROOM!r}.")

SECRET_KEY = read("PVTRACKER_SECRET_KEY")
DEBUG = False
DEMO = read_bool("PVTRACKER_DEMO")
ALLOWED_HOSTS = read_list("PVTRACKER_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = read_list("PVTRACKER_TRUSTED_ORIGINS")

# --- applications: what is not listed here cannot be imported by this process -------------------------------------
BOTH_ROOMS = ["jobs", "audit", "accounts", "studies", "cuts", "reports", "web", "ops"]
OPEN_ONLY = ["coding", "participants", "events", "monitoring", "feeds"]
CLOSED_ONLY = ["allocation", "signals", "board"]
ROOM_APPS = BOTH_ROOMS + (OPEN_ONLY if ROOM == "open" else CLOSED_ONLY)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(["rest_framework", "drf_spectacular", "oauth2_provider"] if ROOM == "open" else []),
    *[f"pvtracker.{app}" for app in ROOM_APPS],
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pvtracker.web.middleware.PrivateResponses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "pvtracker.web.middleware.SignInRequired",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pvtracker.web.middleware.OneTransaction",
]
ROOT_URLCONF = f"pvtracker.urls_{ROOM}"
WSGI_APPLICATION = "pvtracker.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pvtracker.web.context.room",
            ],
        },
    },
]


# --- database: one, with the login of this room -------------------------------------------------------------------
def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": {"application_name": f"pvtracker-{ROOM}", **query},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(read_url("PVTRACKER_DATABASE_URL", "PVTRACKER_DATABASE_PASSWORD"))}
# the login that seals the audit trail, and where its anchors are written: for the scheduler and verify_audit only
SEALER_URL = read_url("PVTRACKER_SEALER_URL", "PVTRACKER_SEALER_PASSWORD", default="")
ANCHORS = Path(read("PVTRACKER_ANCHORS", str(BASE_DIR / "var" / "anchors")))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Account"

# --- storage: the closed room may read open cuts; only closed processes hold the key -------------------------------
STORAGE = Path(read("PVTRACKER_STORAGE"))
if ROOM == "closed":
    OPEN_STORAGE = Path(read("PVTRACKER_OPEN_STORAGE"))
    STORAGE_KEY = base64.b64decode(read("PVTRACKER_STORAGE_KEY"))

# --- jobs -------------------------------------------------------------------------------------------------------
BROKER_URL = read_url("PVTRACKER_BROKER_URL", "PVTRACKER_BROKER_PASSWORD")
JOB_LEASE_SECONDS = int(read("PVTRACKER_JOB_LEASE_SECONDS", "120"))
JOB_ATTEMPTS = 5
HEARTBEAT = read(
    "PVTRACKER_HEARTBEAT", ""
)  # a file that the scheduler touches each round, for a health check

# --- people: allauth asks and we decide (pvtracker/accounts, docs/how-to/sign-in.md) --------------------------------
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # passwords of before: they are hashed anew at sign-in
]
# What free texts that cannot be held back are examined by; nothing in the closed room, which may name arms.
FREE_TEXT_VALIDATORS = ["pvtracker.events.holding.no_arm_is_told"] if ROOM == "open" else []
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
ACCOUNT_ADAPTER = "pvtracker.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; this names what an account has
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # pvtracker.accounts.lockout counts, in the database
ACCOUNT_FORMS = {
    "login": "pvtracker.accounts.forms.SignInForm",
    "reauthenticate": "pvtracker.accounts.forms.PasswordAgainForm",
}
MFA_ADAPTER = "pvtracker.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a code of the half minute before or after is taken, once
MFA_TOTP_ISSUER = f"pvtracker {ROOM}"
MFA_FORMS = {
    "authenticate": "pvtracker.accounts.forms.CodeForm",
    "reauthenticate": "pvtracker.accounts.forms.CodeAgainForm",
    "activate_totp": "pvtracker.accounts.forms.FirstCodeForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
OIDC_ISSUER = read("PVTRACKER_OIDC_ISSUER", "")
if OIDC_ISSUER and not OIDC_ISSUER.startswith("https://") and not DEMO:
    raise MissingSetting("PVTRACKER_OIDC_ISSUER must be an https address: what it says is believed.")
OIDC_NAME = read("PVTRACKER_OIDC_NAME", "single sign-on")
OIDC_MATCH = read("PVTRACKER_OIDC_MATCH", "email")
OIDC_SECOND_FACTOR = read_list("PVTRACKER_OIDC_SECOND_FACTOR")
SOCIALACCOUNT_ADAPTER = "pvtracker.accounts.sso.SingleSignOn"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": OIDC_NAME,
                    "client_id": read("PVTRACKER_OIDC_CLIENT_ID"),
                    "secret": read("PVTRACKER_OIDC_CLIENT_SECRET"),
                    "settings": {"server_url": OIDC_ISSUER},
                }
            ],
        }
    }
    if OIDC_ISSUER
    else {}
)
# --- mail: off unless a host (or, in a demo, a folder) is given; it says that something needs its reader, nothing else
SECURITY_CONTACT = read("PVTRACKER_SECURITY_CONTACT", "")
EMAIL_FILE_PATH = read("PVTRACKER_MAIL_FOLDER", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if EMAIL_FILE_PATH else 'smtp'}.EmailBackend"
EMAIL_HOST = read("PVTRACKER_MAIL_HOST", "")
EMAIL_PORT = int(read("PVTRACKER_MAIL_PORT", "25"))
EMAIL_USE_TLS = read_bool("PVTRACKER_MAIL_TLS")
EMAIL_HOST_USER = read("PVTRACKER_MAIL_USER", "")
EMAIL_HOST_PASSWORD = read("PVTRACKER_MAIL_PASSWORD", "")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = read("PVTRACKER_MAIL_FROM", "pvtracker@localhost")
MAIL = bool(EMAIL_HOST or EMAIL_FILE_PATH)

# --- cookies and headers (cookies ignore ports, so each room has its own names) ------------------------------------
SECURE = read_bool("PVTRACKER_HTTPS", default=not DEMO)
_PREFIX = f"{'__Host-' if SECURE else ''}pv_{ROOM}"
SESSION_COOKIE_NAME = f"{_PREFIX}_session"
CSRF_COOKIE_NAME = f"{_PREFIX}_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = SECURE
# where people open this room, as mail tells it
ADDRESS = (
    read("PVTRACKER_ADDRESS", "")
    or next(iter(CSRF_TRUSTED_ORIGINS), f"{'https' if SECURE else 'http'}://{ALLOWED_HOSTS[0]}")
).rstrip("/")
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
BEHIND_PROXY = read_bool("PVTRACKER_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # a browser also asks this of the address to which the answer to a form leads on
        "form-action": [
            SELF,
            *(["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))] if OIDC_ISSUER else []),
        ],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # more is refused with 413 before it is read, files included
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- static files, language, time ---------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(read("PVTRACKER_STATIC", str(BASE_DIR / "var" / "static")))
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = read_bool("PVTRACKER_STATIC_FROM_SOURCE", default=DEMO)
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- sponsor API (open room) ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["oauth2_provider.contrib.rest_framework.OAuth2Authentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["pvtracker.feeds.parser.Json"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "pvtracker sponsor API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "pvtracker.feeds.token.ClientValidator",
    "SCOPES": {"feed": "Read the feeds of the studies this client is named for"},
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    # RFC 9700 as a whole; only client credentials are used, and these make the other ways in refuse
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,  # no token in an address
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # hashes, not tokens, in the database
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
}

# --- logs: times, names and ids; never clinical values, never an arm -------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "pvtracker.lib.log_lines.OneLine",
            "format": f"{{asctime}} {ROOM} {{levelname}} {{name}} {{message}}",
            "style": "{",
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}},
}
