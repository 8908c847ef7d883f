print("GOT run as gradescope_utils")
