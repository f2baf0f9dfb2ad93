#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# check, cards and dump nfp: exit statuses, and the keys of --json, which are a contract.
# usage: check.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_globals

expect 0 "$xoffload" check "$programs/xdp_lb.o" "$programs/xdp_acl.o" --firmware corenic
says out '^program  xdp_lb \(xdp, section "xdp", [0-9]+ instructions\) of '
says out '^takes    [0-9]+ of 2560 instructions, [0-9]+ of 512 stack bytes$'
[ "$(grep -c '^verdict  accepted' out)" -eq 2 ] || fail 'both are accepted'
expect 1 "$xoffload" check "$programs/xdp_lb.o" "$programs/xdp_globals.o"
[ "$(grep -c '^verdict  accepted$' out)" -eq 1 ] || fail 'one is accepted'
says out '^verdict  refused: [0-9]+ errors$'
says out '^needs    at least [0-9]+ of 2800 instructions, 0 of 512 stack bytes$'
tail -n 1 out | grep -q "^first    remove the map's flags" || fail 'the last line says what to do first'
[ "$(grep -c 'the kernel ends here' out)" -eq 1 ] || fail "one refusal is the kernel's"
expect 3 "$xoffload" check nowhere.o "$programs/xdp_pass.o"
says err '^xoffload: nowhere.o: '
says out '^program  xdp_pass '
expect 1 "$xoffload" check "$programs/xdp_tail.o"
# It fits, but a loader ends at the program array, which is made before any program is loaded.
expect 1 "$xoffload" check "$programs/xdp_tail.o" -p tail_ipv4
says out '^verdict  accepted, but its object is not loaded$'
says out "^note, load, EINVAL, map 'protocols' \(prog_array\): no program of this object is loaded: "
expect 1 "$xoffload" check "$programs/xdp_tail.o" --json
python3 - out <<'PY'
import json, sys

fits, also, refused = (p["offload"] for p in json.load(open(sys.argv[1]))["programs"])
for p in fits, also:
    assert p["accepted"] is True and p["loads"] is False and p["nfp_insns"] > 50
    assert [f["stage"] for f in p["findings"] if f["severity"] == "note"] == ["load", "map"]
    assert all(f["map"] == "protocols" and not f["first"] and f["fix"] for f in p["findings"])
# named by the program, so it is no note there
assert refused["loads"] is False and not [f for f in refused["findings"] if f["severity"] == "note"]
PY
expect 0 "$xoffload" run "$programs/xdp_tail.o" -p tail_ipv4 -i "$pcaps/imix.pcap" -m xdpoffload
says out "^ +but no program of this object is loaded: .*map 'protocols'"
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
assert refused["needs"]["at_least"] is True and refused["needs"]["nfp_insns"] > 50 and taken["needs"] is None
assert sum(f["first"] for f in refused["findings"]) == 1
first = next(f for f in refused["findings"] if f["first"])
assert (first["stage"], first["errno"]) == ("map", 22) and first["message"] == "map flags are not supported"
assert first["severity"] == "error" and first["line"] > 0 and first["source"].endswith("xdp_globals.bpf.c")
assert len(refused["findings"]) > 3
assert taken["accepted"] is True and taken["loads"] is True and taken["nfp_insns"] > 100 and taken["stack_bytes"] == 128
assert (taken["card"], taken["firmware"], taken["jit"]) == ("agilio-cx-2x40", "ebpf", "driver")
PY

# A line a program; what is refused by its type alone is refused.
expect 1 "$xoffload" check --brief "$programs/xdp_lb.o" "$programs/xdp_tail.o"
[ "$(wc -l <out)" -eq 4 ] || fail 'a line for each of four programs'
says out '/xdp_lb.o: xdp_lb: accepted, [0-9]+ of 2800 instructions, 64 of 512 stack bytes$'
says out "/xdp_tail.o: xdp_tail: refused, map: Invalid argument \(EINVAL\), map 'protocols', .*xdp_tail.bpf.c:[0-9]+$"
expect 2 "$xoffload" check --brief --json "$programs/xdp_lb.o"
expect 1 "$xoffload" check "$build_root/tests/objects/tracing_only.o"
says out '^error, load, EINVAL, tracepoint: Invalid argument$'
says out 'tracepoints are in the host'
expect 2 "$xoffload" check --json

# A thousand objects: memory does not grow with their number.
for i in $(seq 1000); do ln -s "$programs/xdp_acl.o" "$i.o"; done
python3 - "$xoffload" <<'PY'
import os, resource, subprocess, sys, time

# under AddressSanitizer what was freed is kept back, unless it may not
ENV = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}

def check(cnt):
    begun = time.monotonic()
    child = subprocess.Popen([sys.argv[1], "check", "--brief", *(f"{i}.o" for i in range(1, cnt + 1))],
                             stdout=subprocess.PIPE, env=ENV)
    lines = child.stdout.read().splitlines()
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0 and len(lines) == cnt, (status, len(lines))
    return usage.ru_maxrss, time.monotonic() - begun

few, _ = check(10)
many, seconds = check(1000)
print(f"1000 objects: {seconds:.1f} s, {many} KiB; 10 objects: {few} KiB")
assert many < few + 8192, (few, many)
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

# A program that cannot be checked is not one that would offload.
expect 1 "$xoffload" check "$build_root/tests/objects/extern_memcmp.o" --json
says err "needs 'memcmp', which is not in the object"
expect 1 "$xoffload" check "$programs/xdp_pass.o" "$build_root/tests/objects/extern_memcmp.o"
says out '^verdict  accepted'
