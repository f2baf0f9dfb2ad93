#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The sample programs as the card gets them: for every object of tests/golden/samples/, what `check`
# says of it and the listings of `dump nfp --source` are NAME.out. UPDATE=1 rewrites. Every sample
# must be there at -mcpu=v1, v2 and v3.
# usage: samples.sh listings ROOT BUILD
# Are the objects still what the sources say? Only the code is compared, with that of the variants
# that the build made (clang 14).
#        samples.sh sources ROOT BUILD
set -uo pipefail
what=$1 B=$3
cd "$2" || exit 1
dir=tests/golden/samples
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
cnt=0 bad=0

complain() {
	echo "$*"
	bad=$((bad + 1))
}

listing() { # OBJECT: a program that is refused has no microcode; check has said why
	"$B/xoffload" check "$1" 2>>"$T/err"
	echo
	"$B/xoffload" dump "$1" nfp --source 2>>"$T/err"
	sed 's/^/standard error: /' "$T/err"
	rm "$T/err"
}

compare() { # EXPECTED NOW WHAT
	diff -u "$1" "$2" >"$T/diff" && return
	head -n 60 "$T/diff"
	complain "$3"
}

check_listing() { # OBJECT
	local out=${1%.o}.out
	listing "$1" >"$T/now"
	if [ "${UPDATE-}" = 1 ]; then
		cmp -s "$T/now" "$out" || cp "$T/now" "$out"
	elif [ ! -f "$out" ]; then
		complain "$out is not there: make golden UPDATE=1, and read it"
	else
		compare "$out" "$T/now" "$1 is no longer listed as in $out: if that is meant, make golden UPDATE=1, and read the diff"
	fi
}

check_source() { # OBJECT NAME.CPU
	"$B/xoffload" dump "$1" bpf >"$T/kept" || complain "$1: no listing"
	"$B/xoffload" dump "$B/tests/verifier/$2.O2.o" bpf >"$T/now" || complain "$2: no listing"
	compare "$T/kept" "$T/now" "$1 is not what its source says now: $dir/make-samples.sh"
}

for source in bpf/programs/*.bpf.c; do
	for cpu in v1 v2 v3; do
		name=$(basename "$source" .bpf.c).$cpu
		cnt=$((cnt + 1))
		if [ ! -f "$dir/$name.o" ]; then
			complain "$dir/$name.o is not there: $dir/make-samples.sh"
		elif [ "$what" = listings ]; then
			check_listing "$dir/$name.o"
		else
			check_source "$dir/$name.o" "$name"
		fi
	done
done
[ "$(find $dir -name '*.o' | wc -l)" -le "$cnt" ] || complain "$dir has an object without a sample program"
[ "$(find $dir -name '*.out' | wc -l)" -le "$cnt" ] || complain "$dir has a listing without an object"
echo "$cnt objects, $bad complaints"
[ "$cnt" -gt 0 ] && [ "$bad" -eq 0 ]
