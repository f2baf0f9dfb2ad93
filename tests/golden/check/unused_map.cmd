# A loader makes all maps of an object: one that is refused keeps it from programs that do not name
# it. A line a program says so, too; the exit status is that of a refusal.
$B/xoffload check $B/tests/objects/unused_map.o -p fits
$B/xoffload check $B/tests/objects/unused_map.o -p fits --brief
$B/xoffload run $B/tests/objects/unused_map.o -p fits -i pcaps/icmp.pcap | sed -n 3,4p
# The program names two of a hundred maps.
$B/xoffload check $B/tests/objects/many_maps.o --what-if map_cnt_max=100 --brief
$B/xoffload check $B/tests/objects/many_maps.o --what-if map_cnt_max=99 --brief
