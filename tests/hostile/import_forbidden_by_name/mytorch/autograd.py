print("GOT a forbidden package, through importlib")
