"""The names of an assignment's folders.

They stand apart from the noun `Assignment`, because the untrusted side needs one of them and nothing else of it.
"""

HELPERS = "helpers"
"""The course's own modules, in an assignment and in a worker's copy of the tests; see `Assignment.helpers`."""
DATA = "data"
"""Files that tests read by `check.data`; see `Assignment.data`."""
HIDDEN_DATA = "hidden"
"""The folder in it of files that only hidden tests read, and that no student gets."""
