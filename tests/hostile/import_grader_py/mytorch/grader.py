print("GOT run as grader")
