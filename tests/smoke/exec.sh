#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# exec: the plugin protocol of the conformance suites.
# usage: exec.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
exec=("$xoffload" exec)
exit_insn='95 00 00 00 00 00 00 00'

# r0 = *(u32 *)(r1 + 0); the runner passes memory with two blanks between bytes, and no options.
echo "61 10 00 00 00 00 00 00 $exit_insn" >load.hex
expect 0 "${exec[@]}" '78  56  34  12  ' '' <load.hex
cmp out <(echo 12345678)
expect 0 "${exec[@]}" --checked 78563412 <load.hex
cmp out <(echo 12345678)
expect 1 "${exec[@]}" '78 56 34' <load.hex
says err '^xoffload: insn 0: '
[ ! -s out ] || fail 'a result of a program that faulted'
expect 0 "${exec[@]}" '78 56 34 12' --json <load.hex
says out '"r0": "12345678"'

# No memory: r1 = r2 = 0. Case and line breaks do not matter.
printf 'bF\t20 00 00 00 00\n00 00%s' "$exit_insn" >r2.hex
expect 0 "${exec[@]}" '' <r2.hex
cmp out <(echo 0)

# Verified first: the argument is the memory, and its length is known.
echo "71 10 02 00 00 00 00 00 $exit_insn" >third.hex
expect 0 "${exec[@]}" 'aa bb cc' --verify <third.hex
cmp out <(echo cc)
expect 0 "${exec[@]}" 'aa bb cc' --verify --checked <third.hex
cmp out <(echo cc)
expect 0 "${exec[@]}" '' --verify <r2.hex
cmp out <(echo 0)
expect 1 "${exec[@]}" 'aa bb' --verify <third.hex
says err 'invalid access to memory, mem_size=2 off=2 size=1'

# A loop without end, a program that is none, hex that is none.
echo "05 00 ff ff 00 00 00 00 $exit_insn" >loop.hex
expect 1 "${exec[@]}" <loop.hex
expect 1 "${exec[@]}" --budget 10 <loop.hex
says err '10 instructions'
echo 'ff 00 00 00 00 00 00 00' >bad.hex
expect 1 "${exec[@]}" <bad.hex
echo '95 00 00' >short.hex
expect 3 "${exec[@]}" <short.hex
says err '3 bytes are no whole number of instructions'
echo '95 0' >half.hex
expect 3 "${exec[@]}" <half.hex
expect 3 "${exec[@]}" 0x12 <load.hex
says err 'MEM_HEX: no hex byte at character 1'
expect 3 "${exec[@]}" </dev/null
says err 'standard input: no program'

# An object in hex.
if [ -f "$programs/xdp_drop.o" ]; then
	od -An -v -tx1 "$programs/xdp_drop.o" >drop.hex
	expect 0 "${exec[@]}" '' --elf <drop.hex
	cmp out <(echo 1)
	expect 3 "${exec[@]}" --elf <load.hex
	says err '^xoffload: standard input: not an ELF file'
fi
