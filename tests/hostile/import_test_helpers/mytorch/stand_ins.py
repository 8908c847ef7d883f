print("GOT run as a helper of the tests")


def make_model(*arguments, **options):
    raise SystemExit
