from .compare import same
