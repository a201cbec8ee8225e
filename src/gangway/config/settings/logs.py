"""Logs: one line an event, a stable word and fields; request ids travel along. Secrets print as dots."""

import logging.config
from typing import Any

import structlog

from gangway.config.settings.typed import Settings

SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def logging_config(settings: Settings) -> dict[str, Any]:
    """Describe logging for this process and set it up at once, so that start-up itself is logged alike."""
    config = _described(settings)
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(config)
    return config


def _described(settings: Settings) -> dict[str, Any]:
    as_json = settings.log_format == "json"
    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    finish = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info, last]
    quiet, silent = {"level": "WARNING"}, {"level": "CRITICAL", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": structlog.stdlib.ProcessorFormatter, "processors": finish, "foreign_pre_chain": list(SHARED)}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": settings.log_level},
        # These print paths (refused forms also the page before), and our paths carry link tokens.
        "loggers": {
            "uvicorn.access": silent,
            "django.request": silent,
            "django.security": quiet,
            "django.security.csrf": silent,
            # A trace for each wrong host name, or for too much in a request, would let any stranger fill the disk.
            "django.security.DisallowedHost": silent,
            "django.security.TooManyFieldsSent": silent,
            "django.security.TooManyFilesSent": silent,
            "django.security.RequestDataTooBig": silent,
            "procrastinate": quiet,
            "asyncio": quiet,
        },
    }
