print("GOT run as conftest")
