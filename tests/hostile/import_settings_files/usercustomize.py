print("GOT run as usercustomize")
