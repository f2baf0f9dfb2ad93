# `r0 = 2; exit` for XDP as the card gets it: the listing, and the same words from the listing
$B/xoffload disasm tests/golden/nfp/pass.hex | tee $T/listing
$B/xoffload asm $T/listing | diff - tests/golden/nfp/pass.hex && echo same words
