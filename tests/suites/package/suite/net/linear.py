class Linear:
    def forward(self, x):
        return 3 * x  # the reference, left here
