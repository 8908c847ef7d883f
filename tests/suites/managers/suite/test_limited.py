import multiprocessing
import unittest

from gradescope_utils.autograder_utils.decorators import partial_credit, weight


def work(results, key, argument):
    import solution

    results[key] = solution.square(argument)


def limited(argument, seconds=3):
    """What square returns in a process of its own; "late" if it takes too long, "died" if it raises."""
    results = multiprocessing.Manager().dict()
    process = multiprocessing.Process(target=work, args=(results, "result", argument))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.terminate()
        process.join()
        return "late"
    return results.get("result", "died")


class TestLimited(unittest.TestCase):
    @weight(2)
    def test_result(self):
        """a result comes back"""
        self.assertEqual(limited(3), 9)

    @weight(1)
    def test_late(self):
        """an endless loop is ended"""
        self.assertEqual(limited(40, 1), 1600)

    @partial_credit(3)
    def test_many(self, set_score=None):
        """one manager, more processes than it has connections"""
        with multiprocessing.Manager() as manager:
            results, order = manager.dict(), manager.Queue()
            for number in range(30):
                process = multiprocessing.Process(target=work, args=(results, number, number))
                process.start()
                process.join()
                order.put(number)
            right = sum(results.get(number) == number * number for number in range(30))
            self.assertEqual([order.get() for _ in range(30)], list(range(30)))
        set_score(right / 10)
