#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every header compiles alone, and twice. Headers are found, not listed: none can be forgotten.
# usage: headers.sh ROOT WITH_DPDK(true|false) COMPILER [ARGS...]
set -euo pipefail
root=$1 with_dpdk=$2
shift 2

# OBJECTS: where tests find compiled objects; meson defines it for those that need it.
flags=('-DOBJECTS="."' -D_GNU_SOURCE -std=gnu11 -Wall -Wextra -Werror)
cd "$root"
count=0 failed=0
while read -r header; do
	compiler=("$@")
	case "$header" in
	bpf/programs/*)
		command -v clang >/dev/null || continue
		compiler=(clang -target bpf "-I/usr/include/$(cc -print-multiarch)")
		;;
	dpdk-app/* | tests/*/dpdk-app/*)
		[ "$with_dpdk" = true ] || continue
		read -ra more < <(pkg-config --cflags libdpdk)
		compiler+=("${more[@]}")
		;;
	esac
	count=$((count + 1))
	if ! printf '#include "%s"\n#include "%s"\nextern int not_empty;\n' "$header" "$header" |
		"${compiler[@]}" "${flags[@]}" -I. -fsyntax-only -x c -; then
		echo "$header:1: does not compile alone: include in it what it uses"
		failed=$((failed + 1))
	fi
done < <(find bpf nic jit-nfp offload dpdk-app pcaps tests -name '*.h' | sort)

echo "$count headers, $failed do not compile alone"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
