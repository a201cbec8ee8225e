"""Writes the JSON schema of profiles from their model, for editors: ``python -m tests.house.profile_schema``."""

from __future__ import annotations

import json
from pathlib import Path

from gangway.provisioning.engine.profile import Profile

FOLDER = Path(__file__).parents[2] / "src/gangway/provisioning/engine/profiles"
FILE = FOLDER / "profile.schema.json"


def schema() -> str:
    """The schema as it should be."""
    described = Profile.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **described}, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema(), encoding="utf-8")
