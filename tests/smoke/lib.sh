# SPDX-License-Identifier: BSD-2-Clause
# What the smoke tests share. Sourced with SOURCE_ROOT BUILD_ROOT as arguments.
# shellcheck shell=bash
set -euo pipefail
source_root=$1 build_root=$2
export LC_ALL=C
xoffload=$build_root/xoffload
programs=$build_root/bpf/programs
pcaps=$source_root/pcaps
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() {
	echo "FAILED: $*"
	exit 1
}

# expect STATUS COMMAND...: its exit status; what it says is in out and err.
expect() {
	local want=$1 got=0
	shift
	"$@" >out 2>err || got=$?
	[ "$got" -eq "$want" ] || fail "exit $got, not $want: $* ($(head -n 3 err))"
}

# says FILE PATTERN: a line of it matches the extended regular expression.
says() {
	grep -qE -- "$2" "$1" || fail "$1 has no line '$2': $(head -n 20 "$1")"
}

# verdicts of the report in out: count NAME N
count() {
	says out "^$1 +$2( |\$)"
}

has_program() {
	[ -f "$programs/$1.o" ] || {
		echo "no clang for the sample programs"
		exit 77
	}
}
