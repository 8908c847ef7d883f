print("GOT a forbidden package, through an encoding")
