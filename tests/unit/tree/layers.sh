#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Dependencies point one way: what each directory may include of the others, and who may include
# DPDK. Reads every file in the tree, tracked or not; prints file:line of each that strays.
# usage: layers.sh ROOT
set -euo pipefail
cd "$1"

# directory: what its files may include. The one statement of it; docs/ARCHITECTURE.md draws it.
layers='
bpf       bpf
nic       nic
jit-nfp   jit-nfp bpf nic
offload   offload jit-nfp bpf nic
dpdk-app  dpdk-app offload jit-nfp bpf nic rte
'

mapfile -t files < <(find bpf nic jit-nfp offload dpdk-app pcaps tests \
	\( -name '*.c' -o -name '*.h' -o -name '*.def' \) ! -path 'bpf/programs/*' | sort)
[ ${#files[@]} -gt 0 ] || { echo "layers.sh: no source under $1" && exit 1; }

awk -v layers="$layers" '
BEGIN {
	rows = split(layers, row, "\n")
	for (i = 1; i <= rows; i++) {
		n = split(row[i], word, " ")
		for (j = 2; j <= n; j++)
			may[word[1], word[j]] = 1
		if (n)
			ours[word[1]] = 1
	}
}
function stray(what, todo) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, what, todo
	bad = 1
}
FNR == 1 {
	split(FILENAME, part, "/")
	from = part[1]
	# A test mirrors the tree: tests/unit/bpf/x_test.c is of bpf, tests/bench sees everything.
	test = from == "tests"
	subject = test ? part[3] : from
	seen++
}
/^[ \t]*#[ \t]*include/ {
	name = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", name)
	sub(/[>"].*/, "", name)
	to = name
	sub(/\/.*/, "", to)
	if (name ~ /^rte_/)
		to = "rte"
	if (to == "rte" && !((subject, "rte") in may) && part[2] != "bench")
		stray("includes " name, "only dpdk-app/ knows DPDK")
	else if (to in ours && !test && !((from, to) in may))
		stray("includes " name, from "/ may not know " to "/ (tests/unit/tree/layers.sh)")
	if (name ~ /internal\.h$/ && to in ours && to != subject && part[2] != "diff")
		stray("includes " name, "private to " to "/; use its public header")
	if (name ~ /^\.\.?\//)
		stray("includes " name, "write the path from the root of the tree")
}
END { exit bad || !seen }
' "${files[@]}"
