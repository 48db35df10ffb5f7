#!/bin/sh
# Make the secret files that compose.yaml names and that do not exist yet, in docker/secrets. Needs openssl.
# The folder is closed to everybody but its owner; the files themselves must be readable inside the containers, whose
# users are not the owner. The two certificates and their keys are yours to bring: see docs/how-to/deploy.md.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
make() { # name, command that prints the secret
  if [ ! -e "secrets/$1" ]; then
    $2 > "secrets/$1.new"
    chmod 444 "secrets/$1.new"
    mv "secrets/$1.new" "secrets/$1"
    echo "made secrets/$1"
  fi
}
make admin_password "openssl rand -hex 24"
for room in open closed; do
  for kind in owner_password login_password sealer_password broker_password secret_key; do
    make "${room}_${kind}" "openssl rand -hex 32"
  done
done
make closed_storage_key "openssl rand -base64 32"
for file in open_tls_certificate open_tls_key closed_tls_certificate closed_tls_key; do
  [ -e "secrets/$file" ] || echo "still to bring: secrets/$file (PEM)"
done
