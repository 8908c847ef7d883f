print("GOT run as pytest")
