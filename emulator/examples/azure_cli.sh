#!/bin/sh
# azure-cli: signs in as a daemon, registers an application with a service principal, reads by `az rest`, cleans up.
#
#     m365-emulator serve --port 8443 --tls-dir tls
#     sh azure_cli.sh https://localhost:8443 tls/ca.pem
#
# Your own azure-cli settings stay as they are: this uses a folder of its own.
set -eu
url=$1
AZURE_CONFIG_DIR=$(mktemp -d)
export AZURE_CONFIG_DIR REQUESTS_CA_BUNDLE="$2" AZURE_CORE_COLLECT_TELEMETRY=no AZURE_CORE_ONLY_SHOW_ERRORS=yes
trap 'rm -rf "$AZURE_CONFIG_DIR"' EXIT

az cloud register --name emulated --skip-endpoint-discovery --endpoint-active-directory "$url" \
    --endpoint-active-directory-graph-resource-id "$url/" --endpoint-active-directory-resource-id "$url/" \
    --endpoint-management "$url/" --endpoint-resource-manager "$url/" --endpoint-microsoft-graph-resource-id "$url/"
az cloud set --name emulated
az config set core.instance_discovery=false

az login --service-principal --username e8a391e0-0000-4000-8000-000000000002 \
    --password 'Ex48Q~default-seed-daemon-secret-000001' --tenant c0475050-0000-4000-8000-000000000001 \
    --allow-no-subscriptions --output none
id=$(az ad app create --display-name "Made by azure-cli" --query appId --output tsv)
az ad sp create --id "$id" --output none
az ad app credential reset --id "$id" --query keyId --output none
echo "Registered: $(az ad app list --display-name "Made by azure-cli" --query "[0].displayName" --output tsv)"
echo "Organization: $(az rest --url "$url/v1.0/organization" --resource "$url/" --query "value[0].displayName" --output tsv)"
az ad app delete --id "$id"
echo "Left: $(az ad app list --display-name "Made by azure-cli" --query "length(@)" --output tsv)"
