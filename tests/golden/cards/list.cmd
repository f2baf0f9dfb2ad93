$B/xoffload cards
