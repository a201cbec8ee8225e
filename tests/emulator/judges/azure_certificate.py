"""azure-identity, unmodified: a certificate from a file, and an assertion that a function gives."""

from pathlib import Path

from azure.identity import CertificateCredential, ClientAssertionCredential
from talk import contoso, daemon_app, hear, ready, say

options = {
    "authority": ready["login_url"],
    "disable_instance_discovery": True,
    "connection_verify": ready["ca_file"],
}
graph = "https://graph.microsoft.com/.default"
given = hear()
certificate = CertificateCredential(contoso, daemon_app, certificate_data=Path(given["file"]).read_bytes(), **options)
federated = ClientAssertionCredential(contoso, daemon_app, lambda: given["assertion"], **options)
say({"certificate": bool(certificate.get_token(graph).token), "assertion": bool(federated.get_token(graph).token)})
