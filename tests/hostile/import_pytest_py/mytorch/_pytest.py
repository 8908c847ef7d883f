print("GOT run as _pytest")
