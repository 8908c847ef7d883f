import hashlib

print("TRIED the seeds")
_TESTS = ["test_dropout_forward.py::test_other_shape", "test_adam.py::test_many_steps"]
for _test in _TESTS:
    _seed = int.from_bytes(hashlib.sha256(f"11785:{_test}".encode()).digest()[:4], "little")
    print(_test, np.random.RandomState(_seed).normal(size=3))
