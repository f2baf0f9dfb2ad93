# Behind what the verifier refuses: notes of what the driver says of an instruction for itself.
$B/xoffload check $B/tests/objects/unreached.o | sed 's|@ .*/tests/|@ tests/|; s|(/.*/tests/|(tests/|'
