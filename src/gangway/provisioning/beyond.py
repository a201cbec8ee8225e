"""What a registration holds otherwise than planned, kept on its row: too much, something wider, something left out."""

from typing import Any, Final

from gangway.provisioning.engine.surplus import Beyond, Surplus
from gangway.provisioning.shapes import HeldRight

WHOLE: Final = "/"


def kept(found: Beyond) -> dict[str, Any]:
    """As it is stored."""
    rows = [
        {"kind": row.kind, "name": row.name, "id": row.id, "scope": row.scope, "covers": list(row.covers)}
        for row in found.surplus
    ]
    return {"surplus": rows, "instead": dict(found.instead), "skipped": list(found.skipped)}


def skipped(stored: dict[str, Any]) -> tuple[str, ...]:
    """Permissions of optional features that Microsoft doesn't offer in the tenant."""
    return tuple(stored.get("skipped", ()))


def instead(stored: dict[str, Any], value: str) -> str:
    """The wider permission that is held instead of this one; empty when there is none."""
    return str(stored.get("instead", {}).get(value, ""))


def more_than_needed(stored: dict[str, Any]) -> tuple[HeldRight, ...]:
    """What is too much, as rows of the permission table."""
    return tuple(_row(Surplus(**(row | {"covers": tuple(row["covers"])}))) for row in stored.get("surplus", ()))


def _row(row: Surplus) -> HeldRight:
    where = "" if row.kind == "permission" or row.scope == WHOLE else f" It reaches {row.scope} only."
    covers = f" It covers {', '.join(row.covers)}, which is enough." if row.covers else ""
    return HeldRight(
        name=row.name,
        kind=row.kind,
        why="",
        proof="read_back",
        proof_words=f"Read back from the tenant; not in the plan, and we leave it alone.{covers}{where}",
        state="more_than_needed",
        role_id=row.id if row.kind == "role" else "",
    )
