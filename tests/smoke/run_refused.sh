#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a program needs that is not there, what the verifier refuses, and what other programs of the same
# object need, which is not in the way.
# usage: run_refused.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"

object=$build_root/tests/objects/other_maps.o
[ -f "$object" ] || fail "no $object"

expect 0 "$xoffload" run "$object" -p plain -i "$pcaps/imix.pcap" --maps
count XDP_PASS 240
says out '^map seen \(array\)'
! grep -qE '^map (ring|unused)' out || fail "maps of other programs were made: $(cat out)"
# A loader makes them first, and ends there.
says out "^ +but no program of this object is loaded: .*map '(line|unused)'; xoffload check says more"
expect 0 "$xoffload" run "$object" -p plain -i "$pcaps/imix.pcap" -m xdpdrv
! grep -q 'no program of this object' out || fail "the host has no such rule: $(cat out)"

expect 1 "$xoffload" run "$object" -m xdpdrv -p queued -i "$pcaps/imix.pcap" --pass-out pass.pcap
says err "map 'line' \(queue\): this map type is not implemented"
[ ! -e pass.pcap ] || fail "a refused program left an output file"

expect 1 "$xoffload" run "$object" -p stray -i "$pcaps/imix.pcap"
says err "the verifier refuses program 'stray'"
says err 'other_maps.bpf.c:[0-9]+'
says err '\(71\) r[0-9] = \*\(u8 \*\)\(r[0-9] \+12\)'
says err 'invalid access to packet, off=12 size=1'
[ ! -s out ] || fail "a refused program has a report"

# The same as JSON: a finding, with the kernel's sentence and the place.
expect 1 "$xoffload" run "$object" -p stray -i "$pcaps/imix.pcap" --json
python3 - <<'EOF' || fail "JSON of a refusal: $(cat out)"
import json
run = json.load(open('out'))
assert run['program']['name'] == 'stray' and run['offload']['accepted'] is False
finding, *notes = run['offload']['findings']
assert all(n['severity'] == 'note' and n['map'] in ('line', 'unused') for n in notes), notes
assert finding['stage'] == 'verifier' and finding['errno'] == 13 and finding['first']
assert finding['message'] == 'R1 offset is outside of the packet', finding
assert finding['source'].endswith('other_maps.bpf.c') and finding['line'] > 0
assert finding['insn'] == 1
EOF
expect 1 "$xoffload" run "$object" -m xdpdrv -p queued -i "$pcaps/imix.pcap" --json
says out '"stage": "map"'

expect 0 "$xoffload" run "$object" -p plain -i "$pcaps/imix.pcap" --verbose
says err 'processed [0-9]+ insns'
