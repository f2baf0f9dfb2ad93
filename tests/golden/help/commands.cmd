$B/xoffload help
for command in run check exec dump cards gen; do
	echo
	$B/xoffload help $command
done
