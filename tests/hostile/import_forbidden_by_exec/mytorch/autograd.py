print("GOT a forbidden package, through exec")
