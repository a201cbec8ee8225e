"""Django's settings, derived from the typed ones. Nothing is decided here that an environment could not have told.

The role comes from `GANGWAY_ROLE`, which the command line sets for each process. There is no debug mode.
"""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from gangway.config.database.address import Address
from gangway.config.hosts import OF_ORGANIZATIONS
from gangway.config.settings.logs import logging_config
from gangway.config.settings.typed import Role, Settings
from gangway.languages.choice import ENGLISH, NAMES

GANGWAY = Settings.load(Role(os.environ.get("GANGWAY_ROLE", Role.OWNER)))
PACKAGE = Path(__file__).resolve().parents[2]

DEBUG = False
SECRET_KEY = GANGWAY.secret_key.reveal()
ALLOWED_HOSTS = [*GANGWAY.hosts, OF_ORGANIZATIONS]
CSRF_TRUSTED_ORIGINS = [GANGWAY.public_url]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = ENGLISH
LANGUAGES = list(NAMES.items())
LOCALE_PATHS = [PACKAGE / "locale"]
ROOT_URLCONF = "gangway.config.urls"
ASGI_APPLICATION = "gangway.web.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = None

INSTALLED_APPS = [
    "gangway.organizations.apps.OrganizationsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",  # for allauth's page of passkeys
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "procrastinate.contrib.django",
    "gangway.config.apps.ConfigConfig",
    "gangway.audit.apps.AuditConfig",
    "gangway.vault.apps.VaultConfig",
    "gangway.jobs.apps.JobsConfig",
    "gangway.federation.apps.FederationConfig",
    "gangway.services.apps.ServicesConfig",
    "gangway.notifications.apps.NotificationsConfig",
    "gangway.alarms.apps.AlarmsConfig",
    "gangway.accounts.apps.AccountsConfig",
    "gangway.invitations.apps.InvitationsConfig",
    "gangway.provisioning.apps.ProvisioningConfig",
    "gangway.connections.apps.ConnectionsConfig",
    "gangway.onboarding.apps.OnboardingConfig",
    "gangway.imports.apps.ImportsConfig",
    "gangway.web.apps.WebConfig",
]

MIDDLEWARE = [
    "gangway.config.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "gangway.accounts.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "gangway.web.charsets.Charsets",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "gangway.web.limits.Limits",
    "gangway.web.languages.Languages",
    "gangway.web.entrance.Entrance",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "gangway.web.desk.frame",
                "gangway.web.languages.offered",
            ],
        },
    }
]

# Requests borrow a connection from the pool and give it back when they end, so a page that polls holds none in between.
DATABASES = {
    "default": {
        "ENGINE": "gangway.config.database.engine",
        **(Address.parse(GANGWAY.database_url).django() | ({} if GANGWAY.database_url else {"NAME": "none"})),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,  # our engine looks by itself, without a round trip for each request
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
if GANGWAY.role in {Role.WEB, Role.WORKER}:
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": GANGWAY.database_pool_size,
        "timeout": 10,
        "max_lifetime": 3600,
    }

# One cache for all processes, so that limits hold over every web process. With room for Django's 300 entries only,
# a stranger could push out what is counted about others.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "config_cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

FILE_UPLOAD_HANDLERS = ["gangway.config.uploads.SmallFile"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1  # of each form: they are kept in memory

AUTH_USER_MODEL = "organizations.Operator"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "gangway.accounts.passwords.BreachedPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "gangway.config.accounts.AccountAdapter"
MFA_ADAPTER = "gangway.config.accounts.MfaAdapter"
USERSESSIONS_ADAPTER = "gangway.config.accounts.SessionsAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
# By address and by address-and-account together: an attacker can't lock a person out from elsewhere.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "microsoft": "30/m/ip",
    # At the fifth wrong code in a row, as "login_failed" closes the step, the person is told; once a day.
    "wrong_codes": "4/5m/key",
    "wrong_codes_told": "1/d/key",
    "new_address": "30/d/key",  # counted by gangway.web.new_addresses
    # What follows is counted by gangway.web.limits.
    "link": "300/m/ip",
    "link_used": "60/m/ip",
    "unknown": "120/m/ip",
    "wizard": "60/m/key",
    "person": "120/m/key",
    "sending": "30/m/key",
    "asking_microsoft": "20/m/key",
    "file": "30/m/key",
}
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
USERSESSIONS_TRACK_ACTIVITY = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = f"Gangway {GANGWAY.server_name}"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not GANGWAY.https

SESSION_ENGINE = "gangway.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
# __Host- needs Secure and the root path; browsers accept it on http://localhost too.
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_NAME = "__Host-language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own, outside __Host-

CSRF_FAILURE_VIEW = "gangway.web.views.refusals.csrf_failure"

SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 63_072_000 if GANGWAY.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = GANGWAY.hsts_subdomains
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": a browser then sends "Origin: null" with every form, and the CSRF check rightly refuses that.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if GANGWAY.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = None  # whitenoise serves what the finders find; nothing is collected
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = GANGWAY.smtp_host
EMAIL_PORT = GANGWAY.smtp_port
EMAIL_HOST_USER = GANGWAY.smtp_user
EMAIL_HOST_PASSWORD = GANGWAY.smtp_password.reveal()
EMAIL_USE_TLS = GANGWAY.smtp_tls == "starttls"
EMAIL_USE_SSL = GANGWAY.smtp_tls == "implicit"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = GANGWAY.mail_from

# Tables that even the web and worker roles may only read and append to are named by each room's apps.py.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = "gangway.jobs.registry.complete"

LOGGING_CONFIG = None
LOGGING = logging_config(GANGWAY)
