print("GOT run as scipy")
