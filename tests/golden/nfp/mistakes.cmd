# what is wrong in a text, and where
printf 'nop\nalu[gprA_0, gprA_1, +, gprA_2]\n' | $B/xoffload asm -
echo 'immed[gprA_0, 0x12345]' | $B/xoffload asm -
echo 'frobnicate[gprA_0]' | $B/xoffload asm -
echo 'zz' | $B/xoffload disasm -
$B/xoffload disasm $T/none
echo 'br[.5], defer[3]' | $B/xoffload asm -
echo 'mem[read32, $xfer_0, gprB_2, 0x0, 1]' | $B/xoffload asm -
echo 'alu[gprA_0, gprA_1, MINUS, gprB_2]' | $B/xoffload asm -
echo '000f20f003f05bfe' | $B/xoffload disasm -
echo 'ff0f20f003f05bff' | $B/xoffload disasm -
$B/xoffload disasm tests
