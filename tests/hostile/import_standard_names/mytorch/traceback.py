print("GOT run as traceback")
