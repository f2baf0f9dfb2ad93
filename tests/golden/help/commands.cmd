$B/xoffload help
for command in run exec dump gen; do
	echo
	$B/xoffload help $command
done
