# The output is a card file: read again, it says the same.
$B/xoffload cards agilio-cx-2x10 --firmware corenic --what-if mes=5 | tee $T/my.ini
$B/xoffload cards $T/my.ini | cmp - $T/my.ini
