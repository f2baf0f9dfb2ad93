# Load's own rules, of which the kernel tells no more than the errno; and a program that the card
# takes, unless packets are split before the byte it may read (split_bytes less 32).
$B/xoffload check $B/tests/objects/card.o
$B/xoffload check $B/tests/objects/card.o -p far --what-if split_bytes=192
$B/xoffload check $B/tests/objects/card.o -p far --what-if split_bytes=256
