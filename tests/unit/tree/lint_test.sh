#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Each rule of scripts/lint, and of layers.sh and headers.sh, finds what it is there to find.
# usage: lint_test.sh ROOT COMPILER [ARGS...]
set -euo pipefail
root=$1
shift
command -v git >/dev/null || { echo "no git" && exit 77; }

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{scripts,tests/unit/tree,bpf,nic,jit-nfp,offload,dpdk-app,pcaps}
cp "$root"/scripts/{lint,codespell-ignore.txt} "$tree/scripts/"
cp "$root"/tests/unit/tree/{layers,headers}.sh "$tree/tests/unit/tree/"
cp "$root/.clang-format" "$tree/"
cd "$tree"
git init --quiet .
unset CI # a tool that is not there is no finding here

spdx='/* SPDX-License-Identifier: BSD-2-Clause */'
failed=0

# FILE, TEXT OF THE FILE, WHAT MUST BE SAID OF IT
plant() {
	mkdir -p "$(dirname "$1")"
	printf '%b' "$2" >"$1"
	planted+=("$1")
	wanted+=("$3")
}

# CHECK [ARGS...]: says everything wanted of what was planted, which is then gone
must_find() {
	local said i
	if said=$("$@" 2>&1); then
		echo "FAIL: $1 found nothing"
		failed=$((failed + 1))
	fi
	for i in "${!planted[@]}"; do
		if ! grep -F "${planted[i]}:" <<<"$said" | grep -qF "${wanted[i]}"; then
			echo "FAIL: $1 did not say of ${planted[i]}: ${wanted[i]}"
			failed=$((failed + 1))
		fi
	done
	[ $failed -eq 0 ] || echo "$said"
	rm -f "${planted[@]}"
	planted=() wanted=()
}

must_pass() {
	"$@" || { echo "FAIL: $1 finds fault with a clean tree" && exit 1; }
}
planted=() wanted=()

printf '%s\nint one;\n' "$spdx" >bpf/one.c
printf '%s\n#ifndef ONE_H\n#define ONE_H\n\nextern int one;\n\n#endif\n' "$spdx" >bpf/one.h
must_pass scripts/lint
must_pass tests/unit/tree/layers.sh .
must_pass tests/unit/tree/headers.sh . false "$@"

if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
	plant bpf/format.c "$spdx\nint  a;\n" 'not formatted'
fi
if command -v shellcheck >/dev/null; then
	plant scripts/quote "#!/bin/sh\n# SPDX-License-Identifier: BSD-2-Clause\necho \$1\n" SC2086
fi
if command -v codespell >/dev/null; then
	plant spell.md "reci""eve\n" 'a misspelt word'
fi
plant bpf/spdx.c 'int a;\n' 'no licence'
plant meson.build 'a = 1\n' 'no licence'
plant scripts/spdx '#!/bin/sh\ntrue\n' 'no licence'
plant space.md 'a \n' 'white space at the end'
plant newline.md 'a' 'no newline at the end'
plant bpf/meson.build '# SPDX-License-Identifier: BSD-2-Clause\n\ta = 1\n' 'a tab in a meson file'
plant bpf/order.c "$spdx\n#include <stdio.h>\n\n#include \"bpf/one.h\"\n\n#include <string.h>\n" \
	'own header first'
plant bpf/once.h "$spdx\n#pragma once\n" guard:
plant bpf/guard.h "$spdx\n#ifndef A_H\n#define B_H\n\n#endif\n" guard:
plant bpf/open.h "$spdx\n#ifndef A_H\n#define A_H\n" guard:
plant nic/same.h "$spdx\n#ifndef ONE_H\n#define ONE_H\n\n#endif\n" 'the same guard'
plant bpf/typedef.c "$spdx\ntypedef struct {\n\tint b;\n} a;\n" 'no typedef'
plant tests/unit/bpf/cmocka.c "$spdx\n#include <cmocka.h>\n" '_cmocka.h'
plant bpf/todo.c "$spdx\n/* TO""DO: b */\n" 'an open point'
plant path.md 'see /ho''me/someone/file\n' 'a path of one machine'
plant bpf/verifier/abort.c "$spdx\nvoid\na(void)\n{\n\tabort();\n}\n" 'a library neither prints'
plant bpf/long.c "$spdx\n$(printf 'int a;\\n%.0s' {1..900})" 'which two things'
plant link.md '[a](docs/none.md)\n' 'links to a file that is not there'
# shellcheck disable=SC2016 # the backquotes are Markdown's
plant name.md 'in `bpf/none.c`\n' 'names a file that is not there'
plant bpf/layer.c "$spdx\n#include \"nic/isa.h\"\n" 'bpf/ may not know nic/'
must_find scripts/lint

plant nic/a.c '#include "bpf/one.h"\n' 'nic/ may not know bpf/'
plant jit-nfp/a.c '#include "offload/a.h"\n' 'jit-nfp/ may not know offload/'
for dir in bpf nic jit-nfp offload tests/unit/bpf; do
	plant $dir/rte.c '#include <rte_mbuf.h>\n' 'only dpdk-app/ knows DPDK'
done
plant dpdk-app/a.c '#include "bpf/internal.h"\n' 'private to bpf/'
plant bpf/up.c '#include "../bpf/one.h"\n' 'from the root of the tree'
must_find tests/unit/tree/layers.sh .

plant bpf/alone.h '#ifndef A_H\n#define A_H\nstruct a { uint32_t b; };\n#endif\n' \
	'does not compile alone'
plant bpf/twice.h 'struct a { int b; };\n' 'does not compile alone'
must_find tests/unit/tree/headers.sh . false "$@"

[ $failed -eq 0 ] || exit 1
