OK_FORMAT = True
test = {
    'name': 'q1', 'points': 2,
    'suites': [{'cases': [
        {'code': '>>> from sol import f\n>>> f(3)\n6', 'hidden': False, 'locked': False},
        {'code': '>>> from sol import g\n>>> g(3)\n4', 'hidden': False, 'locked': False}],
        'scored': True, 'setup': '', 'teardown': '', 'type': 'doctest'}]}
