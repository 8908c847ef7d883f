print("GOT run as pluggy")
