"""The untrusted side of the border: the zygote, and the jail that its children enter before they run student code."""
