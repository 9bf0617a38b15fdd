from fer_tutorial.datasets.split_names import splits_named


def test_usual_names():
    assert splits_named(["Train", "train_set", "TRAINSET", "PublicTest", "Private-Test", "happy", ""]) == {
        **dict.fromkeys(("Train", "train_set", "TRAINSET"), "train"),
        "PublicTest": "valid",
        "Private-Test": "test",
    }


def test_an_evaluation_is_the_test_only_beside_a_validation():
    assert splits_named(["train", "eval"])["eval"] == "valid"
    assert splits_named(["train", "dev", "evaluation"])["evaluation"] == "test"
