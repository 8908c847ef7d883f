"""Short answers, from answers.toml: one point each. The key is the reference's; students see the form only."""

from answers import answer, plain, plain_list, read

from grader.testing import number, visibility, weight

CHOICES = {
    "p_means": ("kept", "zeroed"),
    "eval_behaviour": ("identity", "scaled", "random"),
    "mini_batch_is": ("example", "subset", "epoch", "all"),
    "batch_norm_reduces": ("batch-size", "covariate-shift", "label-noise", "parameters"),
}


@weight(0)
@number("3.1")
def test_form(submission, check):
    """answers.toml can be read, and every choice is one of those that are offered"""
    read(submission)
    check("dropout2d_module is a text", isinstance(answer(submission, "dropout2d_module"), str))
    check("dropout2d_arguments is a list", isinstance(answer(submission, "dropout2d_arguments"), list))
    for key, choices in CHOICES.items():
        check(f"{key} is one of {', '.join(choices)}", plain(answer(submission, key)) in choices)


@weight(1)
@number("3.2")
@visibility("after_published")
def test_module(submission, check):
    """The torch.nn module of 2D dropout"""
    check("dropout2d_module", plain(answer(submission, "dropout2d_module")))


@weight(1)
@number("3.3")
@visibility("after_published")
def test_arguments(submission, check):
    """The arguments of that module"""
    check("dropout2d_arguments", plain_list(answer(submission, "dropout2d_arguments")))


@weight(1)
@number("3.4")
@visibility("after_published")
def test_p_means(submission, check):
    """What p is the probability of"""
    check("p_means", plain(answer(submission, "p_means")))


@weight(1)
@number("3.5")
@visibility("after_published")
def test_eval_behaviour(submission, check):
    """What dropout does in evaluation"""
    check("eval_behaviour", plain(answer(submission, "eval_behaviour")))


@weight(1)
@number("3.6")
@visibility("after_published")
def test_mini_batch_is(submission, check):
    """What a mini-batch is"""
    check("mini_batch_is", plain(answer(submission, "mini_batch_is")))


@weight(1)
@number("3.7")
@visibility("after_published")
def test_batch_norm_reduces(submission, check):
    """What batch norm was made to reduce"""
    check("batch_norm_reduces", plain(answer(submission, "batch_norm_reduces")))
