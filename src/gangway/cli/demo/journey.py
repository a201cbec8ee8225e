"""The whole journey, once: operator, mail, administrator, Microsoft, and back; then the witness is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gangway.cli.demo.administrator import Administrator
from gangway.cli.demo.browser import LOOK_AGAIN_SECONDS
from gangway.cli.demo.operator import Operator
from gangway.cli.demo.plot import Plot, SignIn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gangway.cli.demo.proof import Witness
    from gangway.cli.demo.report import Report


def walk(
    *,
    web: str,
    inbox: str,
    who: SignIn,
    witness: Witness,
    report: Report,
    features: Sequence[str] = (),
    every: float = LOOK_AGAIN_SECONDS,
) -> None:
    """Walk, and write what was proved into the report. Raises DemoFailed at the first thing that is not as promised.

    `features`: what new services begin with.
    `every`: how many seconds the administrator's page waits before it asks again how far the registration is.
    """
    plot = Plot()
    operator, administrator = Operator(plot), Administrator(plot, inbox)
    last_mail = administrator.last_mail()
    with report.step("The operator signs in with password and one-time code"):
        operator.sign_in(web, who)
    with report.step(f"Add Service → Direct Routing → {plot.customer} → Add New Tenant → Next"):
        operator.send_link()
    with report.step("The mail arrives at the administrator's"):
        link = administrator.wait_for_mail(after=last_mail)
    with report.step("Click here to activate your tenant → Continue"):
        administrator.open_link(link)
    with report.step("Create New App Registration → Start Authentication → a code appears"):
        administrator.start_authentication()
    with report.step("Microsoft's pages: code, account, password, Continue, consent"):
        administrator.sign_in_at_microsoft()
    with report.step("The Token connection has successfully been established → Next Step"):
        administrator.confirm_connection()
    before = witness.last_request()
    with report.step("Start Provisioning → made and proved"):
        administrator.start_provisioning()
        app_id = administrator.wait_until_proved(every=every)
    report.microsoft, report.answering = witness.counts(after=before), witness.answering(after=before)
    with report.step("Microsoft's own state holds exactly what was promised"):
        made = witness.registration(app_id=app_id, features=features)
    with report.step("Pending Invitations → Add"):
        operator.add_pending()
    with report.step("Next → the credentials are validated"):
        operator.validate_credentials()
    with report.step("Settings → prerequisites → summary → Create service"):
        operator.create_service()
    with report.step("M365 Configuration → Validate Authentication"):
        operator.validate_authentication()
    report.made = made
