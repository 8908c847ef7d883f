print("GOT run as random")
