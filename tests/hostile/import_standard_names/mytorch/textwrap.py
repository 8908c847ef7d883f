print("GOT run as textwrap")
