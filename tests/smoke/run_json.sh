#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The keys of run --json are a contract.
# usage: run_json.sh SOURCE_ROOT BUILD_ROOT
# shellcheck disable=SC1091,SC2154 # lib.sh and its variables are found at run time
. "$(dirname "$0")/lib.sh"
has_program xdp_counter

expect 0 "$xoffload" run "$programs/xdp_counter.o" -i "$pcaps/udp-flood.pcap" --maps --json
python3 - out <<'EOF'
import json, sys

report = json.load(open(sys.argv[1]))

def keys(name, at, want):
    missing = set(want.split()) - set(at)
    assert not missing, f"{name} has no {missing}"

keys("the report", report, "program offload placement engine packets bytes verdicts simulator card maps")
keys("program", report["program"], "object name section type insns")
keys("offload", report["offload"], "accepted card firmware jit nfp_insns stack_bytes findings")
keys("simulator", report["simulator"], "seconds mpps lcores nfp_insns_executed")
keys("verdicts", report["verdicts"], "XDP_ABORTED XDP_DROP XDP_PASS XDP_TX XDP_REDIRECT")
assert report["placement"] == "host" and report["engine"] == "interp"
assert report["offload"]["accepted"] is False and report["offload"]["card"] == "agilio-cx-2x40"
assert [f["first"] for f in report["offload"]["findings"]].count(True) == 1
assert report["statistics"] is None and report["simulator"]["nfp_insns_executed"] == 0
assert report["card"] is None
assert report["program"]["type"] == "xdp" and report["program"]["name"] == "xdp_counter"
assert report["packets"] == sum(report["verdicts"].values()) + sum(report["errors"].values()) > 0
assert report["maps"], "no maps"
for m in report["maps"]:
    keys("map", m, "name type entries")
    for e in m["entries"]:
        keys("entry", e, "key value")
assert any(m["entries"] for m in report["maps"]), "no entries"
EOF

expect 0 "$xoffload" run "$programs/xdp_subprog.o" -i "$pcaps/imix.pcap" --json --maps
python3 - out <<'EOF'
import json, sys

report = json.load(open(sys.argv[1]))
offload = report["offload"]
assert report["placement"] == "card" and report["engine"] == "nfp" and report["mode"] == "xdpoffload"
assert offload["accepted"] is True and offload["nfp_insns"] > 100 and offload["firmware"] == "ebpf"
assert report["simulator"]["nfp_insns_executed"] > 100 * report["packets"]
assert report["statistics"]["bpf_pass_pkts"] == report["packets"] == report["verdicts"]["XDP_PASS"]
card = report["card"]
missing = set("mpps gbps cycles_per_packet busy_cycles_per_packet bottleneck gain_without_bottleneck limits_mpps utilization "
              "mes mhz paths latency_us latency_validated validated not_validated".split()) - set(card)
assert not missing, missing
assert card["mes"] == 50 and card["mhz"] == 800 and card["paths"] == 3, card
assert card["bottleneck"] == "host" and card["validated"] is False and card["not_validated"], card
for name in "me emem ctm mac wire host".split():
    assert 0 < card["utilization"][name] <= 1.0001, (name, card)
    assert card["mpps"] <= card["limits_mpps"][name] * 1.0001, (name, card)
assert card["gbps"] / card["mpps"] * 1e3 / 8 * report["packets"] - report["bytes"] < 1e-3 * report["bytes"]
counts = [int.from_bytes(bytes.fromhex(e["value"]), "little") for e in report["maps"][0]["entries"]]
assert sum(counts) == report["packets"] and len(counts) == 4, counts
EOF

expect 0 "$xoffload" run "$programs/xdp_counter.o" -i "$pcaps/udp-flood.pcap" --json
says out '"maps": \[\]'
expect 0 "$xoffload" dump "$programs/xdp_counter.o" bpf --json
python3 -c 'import json; p = json.load(open("out"))["programs"][0]; assert len(p["listing"]) > 5 and p["program"]["name"] == "xdp_counter"'
expect 0 "$xoffload" gen --count 3 --json x.pcap
python3 -c 'import json; assert json.load(open("out")) == {"file": "x.pcap", "packets": 3, "bytes": 180}'

# Names of files need not be UTF-8, JSON is.
odd=$(printf 'odd\377.o')
cp "$programs/xdp_counter.o" "$odd"
cp "$pcaps/icmp.pcap" "$odd.pcap"
expect 0 "$xoffload" run "$odd" -i "$odd.pcap" --json
python3 -c 'import json; r = json.load(open("out")); assert r["input"] == "odd\ufffd.o.pcap" and r["program"]["object"] == "odd\ufffd.o"'
expect 0 "$xoffload" dump "$odd" bpf --json
python3 -c 'import json; assert json.load(open("out"))["programs"][0]["program"]["object"] == "odd\ufffd.o"'
expect 0 "$xoffload" gen --count 3 --json "$odd.pcap"
python3 -c 'import json; assert json.load(open("out"))["packets"] == 3'
