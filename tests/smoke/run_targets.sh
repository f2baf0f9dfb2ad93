#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Programs that send packets elsewhere, and others that only a host runs: what they do before a loader
# has filled their maps.
# usage: run_targets.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"

object=$build_root/tests/objects/targets.o
[ -f "$object" ] || fail "no $object"
capture=$pcaps/ipv4-and-ipv6.pcap
short=$(python3 -c '
import struct, sys
data, at, short = open(sys.argv[1], "rb").read(), 24, 0
while at < len(data):
    length = struct.unpack("<I", data[at + 8:at + 12])[0]
    short += length <= 80
    at += 16 + length
print(short)' "$capture")

expect 0 "$xoffload" run "$object" -p to_port -i "$capture"
says out '^placement  host, engine interp, mode xdpdrv'
count XDP_TX 20
expect 0 "$xoffload" run "$object" -p to_all -i "$capture"
count XDP_REDIRECT 20
expect 0 "$xoffload" run "$object" -p to_socket -i "$capture"
count XDP_DROP "$short"
count XDP_PASS $((20 - short))
expect 0 "$xoffload" run "$object" -p to_user -m xdpdrv -i "$capture"
count XDP_DROP 20
expect 0 "$xoffload" run "$object" -p to_ring -i "$capture" --repeat 20
count XDP_PASS 255
count XDP_DROP 145
expect 0 "$xoffload" run "$object" -p by_prefix -i "$capture" --maps
count XDP_DROP 3
count XDP_PASS 17
says out '^map sources \(lpm_trie\)'
expect 0 "$xoffload" run "$object" -p to_device -i "$capture"
count TC_ACT_SHOT "$short"
count TC_ACT_REDIRECT $((20 - short))

# A map of maps has what the source says: queue 0's is there.
expect 0 "$xoffload" run "$build_root/tests/objects/map_in_map.o" -i "$capture"
count XDP_PASS 20
expect 0 "$xoffload" trace "$build_root/tests/objects/map_in_map.o" -m xdpdrv -i "$capture" -n 1
says out 'XDP_PASS'
