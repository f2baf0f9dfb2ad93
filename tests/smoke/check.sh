#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# check, cards and dump nfp: exit statuses, and the keys of --json, which are a contract.
# usage: check.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_globals

expect 0 "$xoffload" check "$programs/xdp_lb.o" "$programs/xdp_acl.o" --firmware corenic
says out '^xdp_lb +xdp +yes +[0-9]+ of 2560 +[0-9]+ of 512$'
says out '^xdp_acl +xdp +yes '
expect 1 "$xoffload" check "$programs/xdp_lb.o" "$programs/xdp_globals.o"
says out '^xdp_lb +xdp +yes '
says out '^xdp_globals +xdp +no +- +-$'
[ "$(grep -c 'the kernel ends here' out)" -eq 1 ] || fail "one refusal is the kernel's"
expect 3 "$xoffload" check nowhere.o "$programs/xdp_pass.o"
says err '^xoffload: nowhere.o: '
says out '^xdp_pass +xdp +yes '
expect 1 "$xoffload" check "$programs/xdp_tail.o"
expect 0 "$xoffload" check "$programs/xdp_tail.o" -p tail_ipv4
expect 0 "$xoffload" check "$programs/xdp_pass.o" -v
says err 'processed 2 insns'

expect 1 "$xoffload" check --json "$programs/xdp_globals.o" "$programs/xdp_subprog.o"
python3 - out <<'PY'
import json, sys

report = json.load(open(sys.argv[1]))
assert set(report) == {"programs"}
for p in report["programs"]:
    assert set("object name section type insns".split()) <= set(p["program"])
    assert set("accepted card firmware jit nfp_insns stack_bytes findings".split()) <= set(p["offload"])
    for f in p["offload"]["findings"]:
        assert set("severity stage errno message insn source line why fix first".split()) <= set(f)
refused, taken = (p["offload"] for p in report["programs"])
assert refused["accepted"] is False and refused["nfp_insns"] is None
assert sum(f["first"] for f in refused["findings"]) == 1
first = next(f for f in refused["findings"] if f["first"])
assert (first["stage"], first["errno"]) == ("map", 22) and first["message"] == "map flags are not supported"
assert first["severity"] == "error" and first["line"] > 0 and first["source"].endswith("xdp_globals.bpf.c")
assert len(refused["findings"]) > 3
assert taken["accepted"] is True and taken["nfp_insns"] > 100 and taken["stack_bytes"] == 128
assert (taken["card"], taken["firmware"], taken["jit"]) == ("agilio-cx-2x40", "ebpf", "driver")
PY

# A card file of a user's lies over the default card.
printf '[bar]\nmax_len = 200\n' >my.ini
expect 1 "$xoffload" check "$programs/xdp_subprog.o" --card my.ini
says out 'instruction limit reached \(200 NFP instructions\)'
printf '[bar]\nmax_len = 99999\n' >my.ini
expect 3 "$xoffload" check "$programs/xdp_subprog.o" --card my.ini
says err '^xoffload: my.ini:2: max_len: 99999 is out of range, it takes 0 to 65535$'
expect 3 "$xoffload" check "$programs/xdp_subprog.o" --firmware nowhere.ini
expect 2 "$xoffload" check "$programs/xdp_subprog.o" --firmware nowhere

expect 0 "$xoffload" cards --json
python3 -c 'import json; r = json.load(open("out")); assert len(r["cards"]) == 6 and len(r["firmwares"]) == 3'
expect 0 "$xoffload" cards corenic --json --what-if mes=7
python3 -c '
import json
keys = {k["key"]: k for k in json.load(open("out"))["keys"]}
assert keys["mes"]["value"] == 7 and keys["mes"]["known"] == "what-if"
assert keys["max_len"]["value"] == 2560 and keys["max_len"]["known"] == "read"
assert keys["map_update"]["value"] == 0 and keys["adjust_tail"]["value"] is True'

# Raw words are what disasm reads; relocated ones have their ECC and no relocation.
expect 0 "$xoffload" dump "$programs/xdp_pass.o" nfp --raw
grep -vqE '^[0-9a-f]{16}$' out && fail 'raw words are 16 digits a line'
cp out raw.hex
expect 0 "$xoffload" disasm raw.hex
says out 'br\[.15000\], defer\[2\] ; reloc next_pkt$'
sed 's/ ; reloc.*//' out >listing
expect 0 "$xoffload" dump "$programs/xdp_pass.o" nfp
tail -n +2 out | cmp - listing
expect 0 "$xoffload" dump "$programs/xdp_pass.o" nfp --raw --relocated --firmware corenic
cp out loaded.hex
expect 0 "$xoffload" disasm loaded.hex
says out 'br\[.1\], defer\[2\]$'
grep -q 'reloc\|ECC' out && fail 'a loaded word has a relocation or a wrong ECC'
expect 1 "$xoffload" dump "$programs/xdp_globals.o" nfp
says err "the card refuses program 'xdp_globals': map flags are not supported \(EINVAL\)"
expect 0 "$xoffload" dump "$programs/xdp_subprog.o" nfp --json
python3 -c 'import json; p = json.load(open("out"))["programs"][0]; assert len(p["listing"]) > 100 and p["listing"][2]["insn"] == 0'
