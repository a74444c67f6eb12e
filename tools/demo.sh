#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make demo` shows: the teaching driver examples/ioctl, loaded and asked each of its four control codes.
# Usage: tools/demo.sh BUILD_DIR
set -eu
build=${1:?usage: tools/demo.sh BUILD_DIR}
cat << 'EOF'

examples/ioctl is a Windows kernel driver with one device. Ringside loads it, opens the device, and sends
a control code for each way in which Windows moves bytes between a client and a driver:
  0x80002000  buffered    the reply is the input, reversed
  0x80002005  in-direct   stores the second buffer at offset 6 of the page that belongs to the open file
  0x8000200a  out-direct  fetches that page from offset 0
  0x8000200f  neither     the driver reads the client's own memory: letters to capitals

EOF
set -- "$build/ringside" run "$build/drivers/ioctl.sys" \
    --ioctl 0x80002000 --in text:Ringside --out 16 \
    --ioctl 0x80002005 --in 06000000 --second text:WORLD \
    --ioctl 0x8000200a --in 00000000 --out 32 \
    --ioctl 0x8000200f --in "text:from ring 3, and back" --out 32
printf '$'
for word in "$@"; do
    case "$word" in
    *" "*) printf " '%s'" "$word" ;;
    *) printf ' %s' "$word" ;;
    esac
done
echo
"$@"
cat << EOF

Nothing of the driver is left: that is checked. The same command gives the same log hash, each time, anywhere.
Next: $build/ringside run --help, docs/command-line.md, and a driver of your own (docs/driver-kit.md).
EOF
