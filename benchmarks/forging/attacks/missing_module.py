"""imports a module that isn't there"""

import a_module_that_nobody_has  # noqa: F401  # the import itself is the attack
