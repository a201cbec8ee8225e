"""What Graph and Entra say when they refuse. Raised anywhere below a route; the application renders them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class EmulatorError(Exception):
    """Root of everything that the emulator raises on purpose."""


class GraphError(EmulatorError):
    """Microsoft Graph refuses: an HTTP status, Graph's error code and its sentence.

    ``headers`` go out with the answer (for example Retry-After), ``details`` into ``error.details``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details = [dict(detail) for detail in details]

    def body(self, *, request_id: str, client_request_id: str, date: str) -> dict[str, Any]:
        """Graph's JSON for this error; ``date`` without a zone, as Graph writes it there."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
        return {"error": error}


class FaultAnswer(GraphError):
    """A fault answers in the emulator's place; ``given_body`` replaces the usual error body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str],
        given_body: dict[str, Any] | None,
    ) -> None:
        super().__init__(status, code, message, headers=headers)
        self.given_body = given_body

    def body(self, *, request_id: str, client_request_id: str, date: str) -> dict[str, Any]:
        if self.given_body is not None:
            return self.given_body
        return super().body(request_id=request_id, client_request_id=client_request_id, date=date)


class EntraError(EmulatorError):
    """Entra ID refuses: the AADSTS number decides status and OAuth error; ``text`` follows ``AADSTS<number>: ``.

    ``error`` overrides the OAuth error where one number is used with several; ``claims`` is the claims challenge.
    """

    def __init__(
        self, number: int, text: str, *, error: str | None = None, status: int | None = None, claims: str | None = None
    ) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.number = number
        self.text = text
        self.error = error
        self.status = status
        self.claims = claims


class ConnectionCut(EmulatorError):
    """A fault cuts the connection: the client gets no answer. Raise it to cut before, or after, a write."""
