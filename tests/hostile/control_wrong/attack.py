print("TRIED nothing")
