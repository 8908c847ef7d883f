print("GOT run")
