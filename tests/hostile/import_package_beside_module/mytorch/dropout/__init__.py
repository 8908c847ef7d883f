print("GOT run as a package")
