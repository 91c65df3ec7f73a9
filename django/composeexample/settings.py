"""
Settings of the project, all that differs from place to place read from the environment.

Given by the deployment: POSTGRES_HOST, POSTGRES_PORT, POSTGRES_NAME, POSTGRES_USER, SECRET_KEY, ALLOWED_HOSTS
(comma-separated), FAROL_VERSION, FAROL_DIGEST, FAROL_COMMIT, FAROL_SLOT; POSTGRES_PASSWORD, or POSTGRES_AUTH=iam.
Optional: POSTGRES_SSLMODE, SECRET_KEY_FALLBACKS, LOG_LEVEL, DEBUG.
"""

from pathlib import Path

from composeexample.database import database
from composeexample.environment import flag, optional, required, words

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = flag("DEBUG")
SECRET_KEY = required("SECRET_KEY")
# While a key is rotated, both slots must read what the other has signed.
SECRET_KEY_FALLBACKS = words(optional("SECRET_KEY_FALLBACKS", ""))
ALLOWED_HOSTS = words(required("ALLOWED_HOSTS"))

INSTALLED_APPS = [
    # For the people who look after the book: visitors need no account.
    "django.contrib.admin",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "delivery",
    "guestbook",
]

# Of the people who look after the book. Only forms ask them: `createsuperuser --noinput` takes what it is given.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

MIDDLEWARE = [
    # First: a health check names the target by its address, which no list of allowed hosts can hold.
    "composeexample.probes.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "composeexample.security.SecurityHeadersMiddleware",
    "composeexample.static.StaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "composeexample.urls"
WSGI_APPLICATION = "composeexample.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "composeexample.context.release",
            ]
        },
    }
]

# Visitors have no session: a message to the next page travels in a signed cookie. Sessions of those who log in are in
# the database. Either way any task can answer any request.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A name with a content hash never changes its content, whichever release it is of.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+\.[0-9a-f]{12}\.[^/]+$"

# TLS ends before the application: in a load balancer, or in what stands before it and has a header of its own. What
# ends it overwrites that header, and nothing else reaches the application. It redirects to https too (W008), and
# SecurityHeadersMiddleware marks cookies as secure whenever the request came by https (W010, W012, W016), so that no
# switch can be forgotten. Subdomains (W005) and the preload list (W021) are the domain owner's to decide.
FORWARDED_PROTO_HEADER = optional("FORWARDED_PROTO_HEADER", "X-Forwarded-Proto")
SECURE_PROXY_SSL_HEADER = (f"HTTP_{FORWARDED_PROTO_HEADER.upper().replace('-', '_')}", "https")
SECURE_HSTS_SECONDS = 31_536_000
CSRF_COOKIE_HTTPONLY = True
# W002: SecurityHeadersMiddleware sets X-Frame-Options.
SILENCED_SYSTEM_CHECKS = [f"security.{check}" for check in ("W002", "W005", "W008", "W010", "W012", "W016", "W021")]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "composeexample.logs.JsonFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json"},
        "null": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": optional("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # Django's own handlers of this logger mail the administrators and print only under DEBUG.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Scanners ask for any host; each would leave a traceback.
        "django.security.DisallowedHost": {"handlers": ["null"], "propagate": False},
    },
}
