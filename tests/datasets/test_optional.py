from fer_tutorial.datasets.optional import optional_module
from tests.helpers.refusals import refused


def test_a_package_that_is_there_or_not():
    assert optional_module("json", "a.json").loads("1") == 1
    with refused("a.xyz is read with the package no_such_package, which is not installed", "fer-tutorial[formats]"):
        optional_module("no_such_package.io", "a.xyz")
