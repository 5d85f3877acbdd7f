"""Django settings. Everything that may differ between installations comes from config.env or from the key file."""

from __future__ import annotations

from pathlib import Path

import dj_database_url

from liebian.config import env
from liebian.config.headers import let_other_sites_load
from liebian.config.secrets import load_keys

ROOT = Path(__file__).resolve().parents[3]
SRC = ROOT / "src" / "liebian"
HOME = Path(env.HOME.value).expanduser().resolve()
_keys = load_keys(HOME)

SECRET_KEY = _keys.django
INDEX_KEY = _keys.index
DATA_KEYS = _keys.data
DATA_KEY_VERSION = _keys.data_version
DEBUG = env.DEBUG.value == "1"
ALLOWED_HOSTS = [host.strip() for host in env.ALLOWED_HOSTS.value.split(",") if host.strip()]

CONTEXTS = [
    "core", "ui", "access", "lake", "events", "customers", "orders", "ledger",
    "tiers", "segments", "rewards", "payouts", "referrals", "pipeline", "insights",
]  # fmt: skip
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "csp",
    *[f"liebian.{name}" for name in CONTEXTS if (SRC / name / "apps.py").exists()],
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "liebian.config.middleware.ErrorPages",
]
FORM_RENDERER = "liebian.ui.forms.Renderer"
ROOT_URLCONF = "liebian.config.urls"
WSGI_APPLICATION = "liebian.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "liebian.ui.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "liebian.config.nav.page_frame",
            ],
        },
    }
]

# --- databases -------------------------------------------------------------------------------------------------------
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=2147483648; "
    "PRAGMA journal_size_limit=67108864; PRAGMA wal_autocheckpoint=32000; PRAGMA cache_size=-20000; "
    "PRAGMA temp_store=MEMORY; "
    "PRAGMA recursive_triggers=ON;"  # INSERT OR REPLACE asks the triggers that keep rows from being deleted
)


def _sqlite(name: str) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / f"{name}.sqlite3",
        "CONN_MAX_AGE": None,  # a connection that stays open keeps its cache of pages
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": _PRAGMAS},
        "TEST": {"NAME": HOME / f"test-{name}.sqlite3"},
    }


if env.DATABASE_URL.value:
    _postgres = dict(dj_database_url.parse(env.DATABASE_URL.value))
    _postgres["CONN_MAX_AGE"] = 0
    # A server that is away is said to be away within seconds, and asked anew by whoever comes next.
    _postgres["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": 20, "timeout": 5, "reconnect_timeout": 5},
        "connect_timeout": 5,
        "prepare_threshold": 2**31,  # nothing is prepared but what asks for it: liebian.core.prepared
    }
    DATABASES = {"default": _postgres}
else:
    DATABASES = {"default": _sqlite("main"), "log": _sqlite("log")}
DATABASE_ROUTERS = ["liebian.config.routers.LogRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "access.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "access:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "access:login"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.SECURE.value == "1"
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- language and time -----------------------------------------------------------------------------------------------
LOCALE_PATHS = [SRC / "config" / "locale"]
USE_I18N = True
USE_TZ = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
TIME_ZONE = env.TIME_ZONE.value
USE_THOUSAND_SEPARATOR = True

# --- pages -----------------------------------------------------------------------------------------------------------
# What other contexts show on a customer's page, by URL name; the first stands in the wide column.
CUSTOMER_PANELS = [
    "orders:customer-panel",
    "referrals:customer-panel",
    "rewards:customer-panel",
    "payouts:customer-panel",
    "segments:customer-panel",
]

# What became of events that a timeline shows, as another context judged them.
TIMELINE_VERDICTS = "liebian.orders.verdicts.judge_events"

# What another context knows of a reward of money, by URL name.
MONEY_PANEL = "payouts:reward-panel"

# --- files -----------------------------------------------------------------------------------------------------------
LAKE_URL = env.LAKE_URL.value or str(HOME / "lake")
if "://" not in LAKE_URL:
    LAKE_URL = str(Path(LAKE_URL).expanduser().resolve())
ANSWER_DAYS = int(env.ANSWER_DAYS.value)
LOG_DAYS = int(env.LOG_DAYS.value)
ERASED_FILES_HOURS = int(env.ERASED_FILES_HOURS.value)
SHARDS = int(env.SHARDS.value)
UPLOADS = HOME / "uploads"
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static-root"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "liebian.ui.assets.VendorFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "liebian.ui.assets.AssetStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# What other sites load, by an address that never changes: /liebian.js
WHITENOISE_ROOT = SRC / "events" / "web"
WHITENOISE_ADD_HEADERS_FUNCTION = let_other_sites_load
# Before the first `collectstatic` (a fresh clone, the tests) and in DEBUG, files are found where they lie, under plain names.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or not (STATIC_ROOT / "staticfiles.json").exists()
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}

LEVEL_BOOK = "liebian.tiers.queries.LEVELS"
RECONCILIATION_CHECKS = ["liebian.rewards.services.CHECKS", "liebian.payouts.services.CHECKS"]
RECONCILIATION_HOUR = 3
