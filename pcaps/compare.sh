#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# compare.sh MAKE-PCAPS DIRECTORY: are the captures in DIRECTORY, all of them, what MAKE-PCAPS makes?
set -eu
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$1" "$made"
status=0
for path in "$made"/*.pcap "$2"/*.pcap; do
	file=$(basename "$path")
	cmp "$made/$file" "$2/$file" || status=1
	bytes=$(wc -c <"$path")
	if [ "$bytes" -ge 100000 ]; then
		echo "$file: $bytes bytes, should stay below 100,000"
		status=1
	fi
done
exit $status
