#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Several microengines, each on an lcore of its own, with one set of maps.
# usage: run_card_lcores.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
. "$source_root/tests/smoke/card.sh"
has_program xdp_flows

# The sum is the same whatever the number of microengines, entries that all of them add included.
"$xoffload" gen -n 20000 --flows 40 --proto udp,tcp,udp6 flows.pcap >/dev/null
alike() { # MODE OBJECT...
	local mode=$1
	shift
	for lcores in 1 2 4; do
		replay "$mode" "$lcores" "$@" --lcores "$lcores"
		diff <(told 1/report) <(told "$lcores/report") || fail "$lcores microengines count otherwise"
		cmp 1/verdicts "$lcores/verdicts"
		cmp 1/pass.pcap "$lcores/pass.pcap"
	done
}
alike xdpoffload "$programs/xdp_subprog.o" -i "$pcaps/imix.pcap" --repeat 50
alike xdpoffload "$programs/xdp_flows.o" -i flows.pcap
[ "$(grep -c '"key"' 4/report)" -eq 27 ] || fail 'not an entry for each flow over IPv4'
alike skip_sw "$programs/tc_amplifiers.o" -i flows.pcap
