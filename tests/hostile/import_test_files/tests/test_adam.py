print("GOT collected")
