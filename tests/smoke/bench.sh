#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# bench and dump --cycles: what they predict holds together, what they draw is a picture with axes
# and units, what cannot be measured says why.
# usage: bench.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_acl

expect 0 "$xoffload" bench "$programs/xdp_acl.o" -i "$pcaps/imix.pcap" --firmware corenic --json --svg chart.svg
python3 - out chart.svg <<'EOF'
import json, sys
import xml.etree.ElementTree as xml

r = json.load(open(sys.argv[1]))
assert r["packets"] == 240 and r["offload"]["accepted"] and r["is_cut"] is False

# By microengines: never fewer packets with more of them, and never above what the whole card does.
rows = r["by_mes"]
assert [row["mes"] for row in rows] == [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50], rows
for few, more in zip(rows, rows[1:]):
    assert few["mpps"] <= more["mpps"] * 1.005, (few, more)
assert rows[0]["bottleneck"] == "me" and abs(rows[-1]["mpps"] - r["card"]["mpps"]) < 1e-6
for name, limit in r["card"]["limits_mpps"].items():
    assert limit is None or r["card"]["mpps"] <= limit * 1.0001, name

# By size: the wire's 80 Gbit/s hold a frame and 20 bytes around it.
assert [row["bytes"] for row in r["by_size"]] == [64, 128, 256, 512, 1024, 1500, "imix"]
for row in r["by_size"][:-1]:
    assert row["mpps"] <= 80e3 / 8 / (row["bytes"] + 20) * 1.0001, row
for small, large in zip(r["by_size"], r["by_size"][1:-1]):
    assert small["mpps"] >= large["mpps"] * 0.999, (small, large)

paths = r["paths"]
assert 0 < sum(p["share"] for p in paths) <= 1.0001 and len(paths) <= 6
assert any(p["commonest"] for p in paths) and any(p["slowest"] for p in paths)
slow = max(p["cycles_per_packet"] for p in paths)
assert all(p["cycles_per_packet"] < slow * 1.001 for p in paths if not p["slowest"])
assert any(p["slowest"] and p["cycles_per_packet"] == slow for p in paths)
for p in paths:
    costs = [line["cycles"] + line["waits"] for line in p["lines"]]
    assert len(costs) == 3 and costs == sorted(costs, reverse=True), p
    assert "bpf_map_lookup_elem" in p["lines"][0]["text"] and p["verdict"] == "XDP_PASS", p
    assert sum(line["cycles"] for line in p["lines"]) < p["cycles_per_packet"], p

for name in "interp kernel nfp".split():
    m = r["measured"][name]
    assert (m["mpps"] is None) == (m["skipped"] is not None), m
    assert m["mpps"] is None or abs(m["mpps"] * m["ns"] - 1000) < 1, m
assert r["measured"]["interp"]["mpps"] and r["measured"]["nfp"]["mpps"]

root = xml.parse(sys.argv[2]).getroot()
words = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
for wanted in ["Mpps", "microengines", "bytes of a frame with CRC", "IMIX", "1500", "predicted", "MACs' ceiling"]:
    assert wanted in words, wanted
assert any("corenic" in w for w in words) and any(w.startswith("not validated") for w in words)
assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == len(rows)
EOF

# Nothing is written over a line, a bar, a point or other words.
for name in xdp_drop xdp_acl xdp_flows; do
	expect 0 "$xoffload" bench "$programs/$name.o" -i "$pcaps/imix.pcap" --svg $name.svg
done
python3 - xdp_drop.svg xdp_acl.svg xdp_flows.svg <<'EOF'
import sys
import xml.etree.ElementTree as xml

SVG, HEIGHT, WIDTH = "{http://www.w3.org/2000/svg}", 13, 7  # of a letter, wider than the mean

def number(element, *names):
    return [float(element.get(name)) for name in names]

def words_of(root):
    for text in root.iter(SVG + "text"):
        x, y = number(text, "x", "y")
        width = WIDTH * len(text.text)
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
        yield text.text, (left, y - HEIGHT + 2, left + width, y + 3)

def drawn(root):
    for line in root.iter(SVG + "line"):
        x1, y1, x2, y2 = number(line, "x1", "y1", "x2", "y2")
        yield min(x1, x2), min(y1, y2) - 1, max(x1, x2), max(y1, y2) + 1
    for rect in list(root.iter(SVG + "rect"))[1:]:
        x, y, width, height = number(rect, "x", "y", "width", "height")
        yield x, y, x + width, y + height
    for circle in root.iter(SVG + "circle"):
        x, y, r = number(circle, "cx", "cy", "r")
        yield x - r, y - r, x + r, y + r

def meet(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

for name in sys.argv[1:]:
    root = xml.parse(name).getroot()
    words, width, height = list(words_of(root)), *number(root, "width", "height")
    bounds = {"me", "emem", "ctm", "mac", "wire", "host"}
    assert sum(text in bounds for text, _ in words) == 7, words
    for i, (text, box) in enumerate(words):
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height, (name, text, box)
        assert not [b for b in drawn(root) if meet(box, b)], (name, text, box)
        assert not [t for t, b in words[:i] if meet(box, b)], (name, text, box)
EOF

expect 0 "$xoffload" bench "$programs/xdp_drop.o" -i "$pcaps/udp-flood.pcap" --firmware corenic -n 50
says out '^packets    50 of .*; it has more \(-n\)'
says out '^    10 +19\.[0-9]+ +[0-9.]+  me     yes +#'
says out '^  IMIX +26\.[0-9]+ +[0-9.]+  wire   no  '
says out '^ 100.00%  XDP_DROP .* common  slow'
says out '^  host engine, interpreter +[0-9.]+ Mpps'
says out '^  running kernel, BPF_PROG_TEST_RUN +(skipped: |[0-9.]+ Mpps)'
says out '^  simulator of the card, fast mode .* M microcode instructions/s'

# A program the card refuses is measured here all the same; there is nothing to draw.
expect 0 "$xoffload" bench "$programs/xdp_counter.o" -i "$pcaps/imix.pcap"
says out '^card       agilio-cx-2x40 refuses it: '
says out '^  host engine, interpreter +[0-9.]+ Mpps'
says out '^  simulator of the card, fast mode +skipped: the card refuses the program'
expect 1 "$xoffload" bench "$programs/xdp_counter.o" -i "$pcaps/imix.pcap" --svg no.svg
[ ! -e no.svg ] || fail "a picture of nothing"
expect 0 "$xoffload" bench "$programs/xdp_drop.o" -i "$pcaps/imix.pcap" -n 0 --json
says out '"card": null'
expect 4 "$xoffload" bench "$programs/xdp_drop.o" -i "$pcaps/imix.pcap" --svg no/such/place.svg
expect 2 "$xoffload" bench "$programs/xdp_drop.o"
expect 3 "$xoffload" bench "$programs/xdp_drop.o" -i no.pcap
# A tc program, on the card or beside it.
expect 0 "$xoffload" bench "$programs/tc_nat.o" -i "$pcaps/imix.pcap"
says out 'refuses it'
says out '^  host engine, interpreter +[0-9.]+ Mpps'
expect 0 "$xoffload" bench "$programs/tc_amplifiers.o" -i "$pcaps/imix.pcap" --json
says out '"verdict": "TC_ACT_(UNSPEC|SHOT)"'
says out '"nfp": \{'

# dump --cycles: every packet begins and ends once, and the words' cycles are the path's.
expect 0 "$xoffload" dump "$programs/xdp_acl.o" nfp --cycles --json -i "$pcaps/imix.pcap"
python3 - out <<'EOF'
import json, sys

words = json.load(open(sys.argv[1]))["programs"][0]["listing"]
assert words[0]["runs"] == words[1]["runs"] == 240 and words[-1]["runs"] == 0
assert all(w["cycles"] >= w["runs"] for w in words)
assert all(w["waits"] == 0 or w["runs"] > 0 for w in words)
calls = [w for w in words if w["waits"] > 300]
assert len(calls) == 3 and all(w["cycles"] > 100 * w["runs"] for w in calls), calls
assert sum(w["runs"] for w in words) == 41840, sum(w["runs"] for w in words)
EOF
expect 2 "$xoffload" dump "$programs/xdp_acl.o" nfp --source -i "$pcaps/imix.pcap"
expect 2 "$xoffload" dump "$programs/xdp_acl.o" nfp --cycles -i "$pcaps/imix.pcap"
expect 2 "$xoffload" dump "$programs/xdp_acl.o" bpf --source --cycles -i "$pcaps/imix.pcap"
expect 1 "$xoffload" dump "$programs/xdp_counter.o" nfp --source --cycles -i "$pcaps/imix.pcap"
