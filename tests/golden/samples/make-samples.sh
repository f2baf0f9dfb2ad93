#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Makes the objects of this directory: every sample program at -mcpu=v1, v2 and v3, stripped of all
# but code, maps and BTF with its line info. They are kept in the tree because what clang makes of a
# sample differs from version to version, and their listings are compared word by word. These are of
# Debian 12's clang 14. Then: make golden UPDATE=1, and read the diff.
# usage: make-samples.sh [DIRECTORY]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$(cd "${1:-$here}" && pwd)
multiarch=$(clang -print-multiarch)
# As bpf/programs/meson.build: line info names files from the root of the tree, which clang does
# when it is neither run there nor knows where it is run.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

clang --version | grep -q 'version 14\.' || echo "${0##*/}: clang is not version 14: the listings will change" >&2
for source in "$root"/bpf/programs/*.bpf.c; do
	name=$(basename "$source" .bpf.c)
	for cpu in v1 v2 v3; do
		clang -O2 "-mcpu=$cpu" -g -target bpf -Wall -Wextra "-I/usr/include/$multiarch" \
			-gdwarf-5 -gembed-source "-ffile-prefix-map=$root/=" "-ffile-prefix-map=$work=" \
			-c "$source" -o "$out/$name.$cpu.o"
		llvm-strip -g "$out/$name.$cpu.o"
	done
done
