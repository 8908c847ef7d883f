print("GOT run as tomli")
