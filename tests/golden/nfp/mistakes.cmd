# what is wrong in a text, and where
printf 'nop\nalu[gprA_0, gprA_1, +, gprA_2]\n' | $B/xoffload asm -
echo 'immed[gprA_0, 0x12345]' | $B/xoffload asm -
echo 'frobnicate[gprA_0]' | $B/xoffload asm -
echo 'zz' | $B/xoffload disasm -
$B/xoffload disasm $T/none
