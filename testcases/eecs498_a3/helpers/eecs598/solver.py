"""Trains a model by mini-batches, on the CPU."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Config = dict[str, Any]


class Solver:
    """Trains `model` on `data` with one update rule for all its parameters.

    model: has `params`, a dict of tensors, and `loss(X, y)` which returns (loss, grads), grads with the keys of
    params; `loss(X)` returns scores (N, C).
    data: a dict of X_train, y_train, X_val, y_val.

    After `train`: `loss_history` has one number for each step, `train_acc_history` and `val_acc_history` one
    before the first step and one after each epoch, `best_params` the parameters that were best on X_val.
    """

    def __init__(self, model: Any, data: dict[str, Tensor], **kwargs: Any) -> None:
        """Take the settings; a keyword that is not one of them raises ValueError.

        update_rule: (w, dw, config) -> (next_w, config), by default `Solver.sgd`; optim_config: the config each
        parameter starts with; lr_decay: factor on learning_rate after an epoch; batch_size; num_epochs;
        print_every: steps between two printed losses; print_acc_every: epochs between two printed accuracies;
        verbose: False prints nothing; device: everything runs on the CPU, whatever is asked; num_train_samples,
        num_val_samples: how many examples an accuracy is measured on, None for all; checkpoint_name: start of
        the path of a file written after each epoch, None for none.
        """
        self.model = model
        self.update_rule: Callable[..., tuple[Tensor, Config]] = kwargs.pop("update_rule", self.sgd)
        self.optim_config: Config = kwargs.pop("optim_config", {})
        self.lr_decay: float = kwargs.pop("lr_decay", 1.0)
        self.batch_size: int = kwargs.pop("batch_size", 100)
        self.num_epochs: int = kwargs.pop("num_epochs", 10)
        self.print_every: int = kwargs.pop("print_every", 10)
        self.print_acc_every: int = kwargs.pop("print_acc_every", 1)
        self.verbose: bool = kwargs.pop("verbose", True)
        self.num_train_samples: int | None = kwargs.pop("num_train_samples", 1000)
        self.num_val_samples: int | None = kwargs.pop("num_val_samples", None)
        self.checkpoint_name: str | None = kwargs.pop("checkpoint_name", None)
        device = kwargs.pop("device", "cpu")
        if kwargs:
            raise ValueError(f"Solver has no setting {', '.join(sorted(kwargs))}")

        # Hand-ins are written on machines with a GPU and say so here; that is no mistake.
        if not str(device).startswith("cpu"):
            print(f"Solver: device {str(device)!r} is not on the grader, so the CPU is used")
        self.device = "cpu"
        self.X_train, self.y_train = data["X_train"].to(self.device), data["y_train"].to(self.device)
        self.X_val, self.y_val = data["X_val"].to(self.device), data["y_val"].to(self.device)
        self._reset()

    def _reset(self) -> None:
        self.epoch = 0
        self.best_val_acc = 0.0
        self.best_params: dict[str, Tensor] = {}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []
        # A config holds state, such as a velocity, so each parameter has a copy of its own.
        self.optim_configs: dict[str, Config] = {name: dict(self.optim_config) for name in self.model.params}

    @staticmethod
    def sgd(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
        """Return (w − learning_rate dw, config); learning_rate is 1e-2 if config has none."""
        config = {} if config is None else config
        config.setdefault("learning_rate", 1e-2)
        return w - config["learning_rate"] * dw, config

    def _step(self) -> None:
        """Draw a batch and move every parameter once."""
        batch = torch.randint(self.X_train.shape[0], (self.batch_size,))
        loss, grads = self.model.loss(self.X_train[batch], self.y_train[batch])
        self.loss_history.append(float(loss))
        with torch.no_grad():
            for name, w in self.model.params.items():
                next_w, next_config = self.update_rule(w, grads[name], self.optim_configs[name])
                self.model.params[name] = next_w
                self.optim_configs[name] = next_config

    def check_accuracy(self, X: Tensor, y: Tensor, num_samples: int | None = None, batch_size: int = 100) -> float:
        """Return the share of labels y (N,) that the model gets right, on `num_samples` random ones if given."""
        if num_samples is not None and num_samples < X.shape[0]:
            chosen = torch.randperm(X.shape[0])[:num_samples]
            X, y = X[chosen], y[chosen]
        right = 0
        for rows, labels in zip(X.split(batch_size), y.split(batch_size), strict=True):
            right += int((self.model.loss(rows).argmax(dim=1) == labels).sum())
        return right / X.shape[0]

    def _measure(self) -> None:
        """Note the accuracies of this epoch, and the parameters if they are the best so far."""
        self.train_acc_history.append(self.check_accuracy(self.X_train, self.y_train, self.num_train_samples))
        self.val_acc_history.append(self.check_accuracy(self.X_val, self.y_val, self.num_val_samples))
        if not self.best_params or self.val_acc_history[-1] > self.best_val_acc:
            self.best_val_acc = self.val_acc_history[-1]
            # Copies, because an update rule may work in place.
            self.best_params = {name: w.detach().clone() for name, w in self.model.params.items()}
        if self.verbose and self.epoch % self.print_acc_every == 0:
            print(
                f"epoch {self.epoch} / {self.num_epochs}: accuracy {self.train_acc_history[-1]:.4f} on training, "
                f"{self.val_acc_history[-1]:.4f} on validation data"
            )
        if self.checkpoint_name is not None:
            self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        names = ("epoch", "optim_config", "lr_decay", "batch_size", "loss_history")
        names += ("train_acc_history", "val_acc_history")
        state = {name: getattr(self, name) for name in names}
        torch.save({**state, "params": self.model.params}, f"{self.checkpoint_name}_epoch_{self.epoch}.pkl")

    def train(self, time_limit: float | None = None, return_best_params: bool = True) -> None:
        """Run `num_epochs` epochs, or until `time_limit` seconds have passed.

        return_best_params: leave the model with `best_params`, else with those of the last step.
        """
        steps_per_epoch = max(self.X_train.shape[0] // self.batch_size, 1)
        steps = self.num_epochs * steps_per_epoch
        start = time.monotonic()
        self._measure()
        for step in range(1, steps + 1):
            self._step()
            seconds = time.monotonic() - start
            if self.verbose and (step - 1) % self.print_every == 0:
                print(f"step {step} / {steps} after {seconds:.2f} s: loss {self.loss_history[-1]:.6f}")

            late = time_limit is not None and seconds > time_limit
            if step % steps_per_epoch == 0:
                self.epoch += 1
                for config in self.optim_configs.values():
                    # A rule that was given no rate has put its default there by now.
                    if "learning_rate" in config:
                        config["learning_rate"] *= self.lr_decay
            if late or step % steps_per_epoch == 0:
                self._measure()
            if late:
                break
        if return_best_params:
            self.model.params = self.best_params
