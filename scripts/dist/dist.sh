#!/usr/bin/env bash
# Makes what is published of a version: archives, packages, chart, list of components, checksums.
#
#   scripts/dist/dist.sh PROGRAM FOLDER [PROFILE]      PROGRAM: a built salespulse; FOLDER: where to, made anew;
#                                                      PROFILE: that by which the program was built
#
# The same commit and the same program give the same bytes. Needs nfpm and cargo-cyclonedx
# (scripts/setup-test-tools.sh dist).
set -euo pipefail

program=$(realpath "$1")
profile=${3:+$(realpath "$3")}
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
case $(uname -m) in
  x86_64) arch=amd64 machine=x86_64 ;;
  aarch64) arch=arm64 machine=aarch64 ;;
  *) echo "dist: $(uname -m) is a machine for which there are no packages" >&2; exit 1 ;;
esac
# Every file has the time of the commit: what was packed when is no part of a version.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
mtime=$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)
nfpm=$("$root/scripts/setup-test-tools.sh" --where nfpm)
cyclonedx=$("$root/scripts/setup-test-tools.sh" --where cargo-cyclonedx)

rm -rf "${folder:?}"/*
tree=$folder/tree
# pack NAME FOLDER ENTRY…: a .tar.gz whose bytes depend on its files' names, modes and contents only.
pack() {
  local name=$1 from=$2
  shift 2
  tar --create --dereference --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
    --mode='u=rwX,go=rX' --directory "$from" "$@" | gzip -n -9 > "$folder/$name"
}

# What packages install, in its places.
install -D -m 0755 "$program" "$tree/usr/bin/salespulse"
strip "$tree/usr/bin/salespulse"
mkdir -p "$tree/usr/lib/systemd/system"
sed -e 's#/usr/local/bin/salespulse#/usr/bin/salespulse#' -e '/^#   install -m 0755/d' deploy/systemd/salespulse.service \
  > "$tree/usr/lib/systemd/system/salespulse.service"
install -D -m 0644 deploy/config.example.toml "$tree/usr/share/doc/salespulse/config.example.toml"
install -m 0644 LICENSE README.md README.zh-CN.md CHANGELOG.md "$tree/usr/share/doc/salespulse/"
mkdir -p "$tree/usr/share/man/man1" "$tree/usr/share/bash-completion/completions" \
  "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d"
"$tree/usr/bin/salespulse" man --output-dir "$tree/usr/share/man/man1" > /dev/null
"$tree/usr/bin/salespulse" completions bash > "$tree/usr/share/bash-completion/completions/salespulse"
"$tree/usr/bin/salespulse" completions zsh > "$tree/usr/share/zsh/vendor-completions/_salespulse"
"$tree/usr/bin/salespulse" completions fish > "$tree/usr/share/fish/vendor_completions.d/salespulse.fish"
gzip -n -9 "$tree"/usr/share/man/man1/*

# The archive for people without a package manager.
name=salespulse-$version-$machine-linux
mkdir -p "$folder/$name"
cp -r "$tree/usr/bin" "$tree/usr/share" "$folder/$name/"
cp deploy/systemd/salespulse.service LICENSE README.md README.zh-CN.md "$folder/$name/"
pack "$name.tar.gz" "$folder" "$name"

# Dashboards and rules, and the chart: each with the same files, as they lie in the repository.
pack "salespulse-monitoring-$version.tar.gz" deploy grafana/dashboards grafana/provisioning prometheus alertmanager
pack "salespulse-chart-$version.tgz" deploy/helm salespulse

# The oldest C library that has every symbol that the program asks for.
glibc=$(objdump -T "$tree/usr/bin/salespulse" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1)
export ARCH=$arch VERSION=$version TREE=$tree PACKAGE=$root/deploy/package MTIME=$mtime GLIBC=$glibc
envsubst < deploy/package/nfpm.yaml > "$folder/nfpm.yaml"
for kind in deb rpm; do
  "$nfpm" package --config "$folder/nfpm.yaml" --packager "$kind" --target "$folder" > /dev/null
done

# What the program is made of, as CycloneDX.
"$cyclonedx" cyclonedx --format json --spec-version 1.5 --override-filename "salespulse-$version.cdx" --quiet
mv "salespulse-$version.cdx.json" "$folder/"

# So that others can build by it too.
[ -z "$profile" ] || install -m 0644 "$profile" "$folder/salespulse-$version-$machine-linux.profdata"

rm -rf "$tree" "${folder:?}/$name" "$folder/nfpm.yaml"
(cd "$folder" && sha256sum -- * > SHA256SUMS)
ls -1 "$folder"
