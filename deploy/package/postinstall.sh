#!/bin/sh
# After an installation or an upgrade: systemd reads the unit, and a service that ran goes on with the new program.
set -e
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart salespulse.service
fi
