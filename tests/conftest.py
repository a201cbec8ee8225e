"""What every test needs: Django with the role *test* (`gangway.config.settings.test`) and a database it may change."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from gangway.config.database import server
from gangway.config.database.address import Address
from gangway.foundation.sealed import SealedText
from gangway.vault import keys


@pytest.fixture(scope="session", autouse=True)
def data_folder() -> Iterator[Path]:
    """The run's own data folder with a first sealing key; this process may open what is sealed, as a worker may."""
    folder: Path = settings.GANGWAY.data_dir
    keys.new(public_dir=settings.GANGWAY.sealing_public_keys_dir, private_dir=settings.GANGWAY.sealing_private_keys_dir)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_server(data_folder: Path) -> Iterator[Address]:
    """A PostgreSQL for this run: the one of GANGWAY_TEST_DATABASE_URL, else an embedded one that ends with the run."""
    url = os.environ.get("GANGWAY_TEST_DATABASE_URL")
    if url:
        yield Address.parse(SealedText(url))
        return
    with server.supervised(data_folder, durable=False) as embedded:
        yield embedded.superuser


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: Address) -> None:
    """Point Django at that server, with a test database of this run's own."""
    entry = connections["default"].settings_dict
    entry.update(database_server.django())
    entry["TEST"]["NAME"] = f"test_{os.getpid()}"
