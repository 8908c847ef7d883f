def attack(layer, x):
    print("TRIED to blame the grader", flush=True)
    from grader import errors

    for name, kind in list(vars(errors).items()):
        if isinstance(kind, type) and issubclass(kind, Exception):
            print("TRIED", name)
    raise errors.InternalError("the machine failed")
