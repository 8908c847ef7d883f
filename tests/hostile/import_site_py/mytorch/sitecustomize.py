print("GOT run by site")
