print("GOT run as rich")
