def step(w, rate, gradient):
    return w - rate * gradient
