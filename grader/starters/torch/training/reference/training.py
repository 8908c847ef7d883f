"""A training loop: one epoch, accuracy, and early stopping."""

import torch


def train_epoch(model, optimizer, loss_function, batches):
    """Train a model for one epoch, and return the loss of each batch before its step, as a tensor.

    batches: pairs (x, y). The gradients of each batch are its own: set them to zero before each backward pass.
    """
    # BEGIN SOLUTION
    losses = []
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses)
    # END SOLUTION


@torch.no_grad()
def accuracy(model, batches):
    """Return the share of rows whose greatest score is that of the label, in evaluation; batches are pairs (x, y)."""
    # BEGIN SOLUTION
    model.eval()
    right, total = 0, 0
    for x, y in batches:
        right += int((model(x).argmax(dim=1) == y).sum())
        total += len(y)
    return right / total
    # END SOLUTION


def stops_at(losses, patience):
    """Return the epoch after which training stops: the loss hasn't fallen below its least for `patience` epochs.

    losses: of the epochs, in order. If training never stops early, return the number of the last epoch, from 0.
    """
    # BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return epoch
    return len(losses) - 1
    # END SOLUTION
