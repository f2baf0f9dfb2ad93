#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run a command, its output thrown away; print its peak memory in KiB (what GNU time calls %M).

usage: peak.py COMMAND...
"""
import resource
import subprocess
import sys

subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
