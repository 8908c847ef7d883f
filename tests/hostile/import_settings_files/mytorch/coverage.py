print("GOT run as coverage")
