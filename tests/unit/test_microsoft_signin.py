"""Sign-in: every poll has its own name, and an id_token is believed only when all of it holds."""

import time
from typing import Any

import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa

from gangway.foundation.ids import AppId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft import errors
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.signin import client_credentials, device_code, tokens
from gangway.microsoft.signin.grant import Granted
from gangway.microsoft.signin.own_credentials import Secret
from gangway.microsoft.wire import Answer, Asked

CLOUD = Cloud("https://login.test", "https://graph.test")
TENANT = TenantId("11111111-1111-4111-8111-111111111111")
CLIENT = AppId("22222222-2222-4222-8222-222222222222")
ISSUER = f"https://login.test/{TENANT}/v2.0"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Entra:
    """A transport that answers with one prepared answer, or with the discovery document and the keys."""

    def __init__(self, answer: Answer | None = None, *, keys_at: str = "https://login.test/keys") -> None:
        self.answer = answer
        self.keys_at = keys_at
        self.asked: list[Asked] = []

    async def send(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer
        if asked.url.endswith("openid-configuration"):
            return Answer(200, {"issuer": ISSUER, "jwks_uri": self.keys_at})
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return Answer(200, {"keys": [{**public, "kid": "k1", "use": "sig"}]})


def id_token(*, key: Any = KEY, algorithm: str = "RS256", **changed: Any) -> SealedText:
    now = int(time.time())
    claims = {"aud": CLIENT, "iss": ISSUER, "tid": TENANT, "oid": "o-1", "nbf": now, "exp": now + 3600, "iat": now}
    claims |= {"preferred_username": "ann@contoso.com", "name": "Ann"}
    return SealedText(jwt.encode({**claims, **changed}, key, algorithm=algorithm, headers={"kid": "k1"}))


async def check(token: SealedText, entra: Entra | None = None) -> tokens.Identity:
    return await tokens.check_id_token(entra or Entra(), CLOUD, token, client_id=CLIENT)


async def test_a_good_id_token_says_who_signed_in() -> None:
    identity = await check(id_token())
    assert (identity.tenant_id, identity.object_id, identity.username) == (TENANT, "o-1", "ann@contoso.com")
    assert not identity.is_guest


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "somebody else"},
        {"iss": "https://login.test/other/v2.0"},
        {"exp": int(time.time()) - 301},
        {"nbf": int(time.time()) + 7200},
        {"tid": "no guid"},
        {"key": OTHER_KEY},
        {"key": "x" * 32, "algorithm": "HS256"},
    ],
    ids=["audience", "issuer", "expired", "too early", "tenant", "signature", "algorithm"],
)
async def test_an_id_token_that_does_not_hold_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(errors.IdentityRefused):
        await check(id_token(**changed))


async def test_five_minutes_of_skew_are_forgiven() -> None:
    assert (await check(id_token(exp=int(time.time()) - 240))).name == "Ann"


async def test_a_personal_account_is_refused_by_name() -> None:
    with pytest.raises(errors.PersonalAccount):
        await check(id_token(tid=tokens.PERSONAL_TENANT))


async def test_keys_are_taken_only_from_the_clouds_own_host() -> None:
    with pytest.raises(errors.IdentityRefused):
        await check(id_token(), Entra(keys_at="https://elsewhere.test/keys"))


@pytest.mark.parametrize("changed", [{"idp": "https://sts.elsewhere/x/"}, {"preferred_username": "a_b#EXT#@c.d"}])
async def test_a_guest_is_seen(changed: dict[str, str]) -> None:
    assert (await check(id_token(**changed))).is_guest


async def test_a_started_sign_in_has_both_codes_sealed() -> None:
    body = {"device_code": "dev", "user_code": "FRWQDE7YL", "verification_uri": "https://x.test/d", "expires_in": 900}
    offer = await device_code.start(Entra(Answer(200, body)), CLOUD, client_id=CLIENT, scopes=["openid", "profile"])
    assert (offer.user_code.reveal(), offer.interval) == ("FRWQDE7YL", device_code.DEFAULT_INTERVAL)
    assert "FRWQDE7YL" not in repr(offer)


def poll_answer(error: str, number: int = 70016, status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_codes": [number], "error_description": "AADSTS: x"})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (poll_answer("authorization_pending"), device_code.Pending(5)),
        (poll_answer("slow_down"), device_code.Pending(10)),
        (Answer(503, None, {"retry-after": "20"}), device_code.Pending(20)),
        (Answer(503, None, {"retry-after": "86400"}), device_code.Pending(120)),
    ],
)
async def test_a_sign_in_that_is_not_finished_is_no_error(answer: Answer, expected: device_code.Pending) -> None:
    polled = await poll(answer)
    assert isinstance(polled, device_code.Pending)
    assert polled.interval == expected.interval


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (poll_answer("authorization_declined"), device_code.Declined),
        (poll_answer("expired_token", 70020), device_code.Expired),
        (poll_answer("bad_verification_code", 70018), device_code.Expired),
        (poll_answer("invalid_grant", 53003), device_code.Blocked),
        (poll_answer("invalid_client", 7000218, 401), device_code.Blocked),
    ],
)
async def test_a_sign_in_that_ended_says_how(answer: Answer, kind: type[device_code.Poll]) -> None:
    assert isinstance(await poll(answer), kind)


async def poll(answer: Answer) -> device_code.Poll:
    return await device_code.poll_once(
        Entra(answer), CLOUD, client_id=CLIENT, device_code=SealedText("dev"), interval=5
    )


async def test_a_granted_sign_in_gives_sealed_tokens() -> None:
    body = {"access_token": "hush-1", "id_token": "hush-2", "scope": "openid User.Read", "expires_in": 3600}
    granted = await poll(Answer(200, body))
    assert isinstance(granted, Granted)
    assert granted.scopes == {"openid", "User.Read"}
    assert "hush" not in repr(granted)


async def test_an_app_token_is_read_for_its_roles() -> None:
    claims = {"tid": TENANT, "appid": CLIENT, "roles": ["A.Read"], "wids": ["w"], "exp": 2_000_000_000}
    text = jwt.encode(claims, KEY, algorithm="RS256")
    entra = Entra(Answer(200, {"access_token": text, "expires_in": 3599}))
    token = await client_credentials.fetch(
        entra, CLOUD, tenant=TENANT, app_id=CLIENT, credential=Secret(SealedText("s")), scope=CLOUD.graph_scope
    )
    assert token.claims.roles == {"A.Read"}
    assert entra.asked[0].form is not None
    assert text not in repr(token)


async def test_a_refused_app_token_says_why_and_the_log_says_so_without_the_secret() -> None:
    said = {"error": "invalid_client", "error_codes": [7000215], "correlation_id": "c-1", "trace_id": "t-1"}
    answer = Answer(401, said | {"error_description": "AADSTS7000215: hush-hush"})
    with pytest.raises(errors.CredentialNotAccepted) as refused, structlog.testing.capture_logs() as told:
        await client_credentials.fetch(
            Entra(answer),
            CLOUD,
            tenant=TENANT,
            app_id=CLIENT,
            credential=Secret(SealedText("hush-hush")),
            scope=CLOUD.teams_scope,
            routine=True,
        )
    (line,) = told
    assert (line["log_level"], line["event"], line["error"]) == ("warning", "sign_in_refused", refused.value.code)
    assert (line["aadsts"], line["app_id"], line["tenant"]) == (7000215, CLIENT, TENANT)
    assert (line["correlation_id"], line["microsoft_request_id"]) == ("c-1", "t-1")
    assert "hush" not in str(told)


async def test_microsoft_that_is_busy_refused_nothing() -> None:
    with pytest.raises(errors.Busy), structlog.testing.capture_logs() as told:
        await client_credentials.fetch(
            Entra(Answer(503)),
            CLOUD,
            tenant=TENANT,
            app_id=CLIENT,
            credential=Secret(SealedText("s")),
            scope=CLOUD.teams_scope,
        )
    assert not told
