#!/bin/sh
# Before a removal, not before an upgrade: the service stops and no longer starts with the machine.
set -e
case ${1:-} in
  remove | 0)
    if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
      systemctl disable --now salespulse.service
    fi
    ;;
esac
