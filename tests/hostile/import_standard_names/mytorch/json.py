print("GOT run as json")
