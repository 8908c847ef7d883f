print("GOT run as struct")
