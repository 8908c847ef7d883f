print("GOT run as numpy")
raise ImportError
