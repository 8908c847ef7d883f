"""Fully-connected nets of any depth with hand-written gradients, and the first-order optimisers that train them."""
