import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from fer_tutorial.errors import UserError
from fer_tutorial.methods import METHODS, preset
from fer_tutorial.records import checkpoint
from fer_tutorial.records.checkpoint import load_checkpoint
from fer_tutorial.training import AugmentConfig, build_method, evaluate, load_run, predict, train
from tests.helpers.quick_config import quick
from tests.helpers.striped_faces import striped

REPOSITORY = Path(__file__).resolve().parents[2]


def weights(method):
    return {name: tensor.clone() for name, tensor in method.state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def trained(config, name="softmax", folder=None, resume=False, data=None):
    data = data or striped()
    method = build_method(name, data, seed=0)
    return method, train(method, data, striped(n=20, seed=1), config, folder, resume)


VARIED = AugmentConfig(erase=0.3, noise=0.02)


def test_it_learns():
    data = striped(n=200)
    method = build_method("softmax", data)
    run = train(method, data, striped(n=100, seed=1), quick(epochs=6, optimizer="adamw", lr=3e-3))
    assert run.metrics["accuracy"] > 0.9
    assert run.history["loss"].iloc[-1] < run.history["loss"].iloc[0] / 2
    assert run.metrics["confusion_matrix"].sum() == 100
    assert list(run.history["epoch"]) == list(range(6))
    assert evaluate(method, striped(n=100, seed=1))["accuracy"] == run.metrics["accuracy"]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, _ = trained(quick(augment=VARIED))
    again, _ = trained(quick(augment=VARIED))
    other, _ = trained(quick(augment=VARIED, seed=1))
    assert same(weights(first), weights(again))
    assert not same(weights(first), weights(other))


def test_training_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trained(quick(epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_predictions_are_in_order_whatever_the_batches():
    data = striped(n=23)
    method = build_method("softmax", data).eval()
    np.testing.assert_allclose(predict(method, data, batch_size=5), predict(method, data), atol=1e-5)
    np.testing.assert_allclose(predict(method, data.subset([7])), predict(method, data)[7:8], atol=1e-5)


def test_accumulated_batches_are_one_large_batch_for_a_mean_loss():
    def made():
        method = build_method("softmax", striped(), seed=0)
        for module in method.modules():
            if isinstance(module, nn.BatchNorm2d):  # which would see small batches: keep it as it is
                module.eval()
                module.train = lambda mode=True, m=module: m
        return method

    whole, parts = made(), made()
    train(whole, striped(), config=quick(batch_size=24, epochs=1, schedule="constant"))
    train(parts, striped(), config=quick(batch_size=12, epochs=1, schedule="constant", accumulate=2))
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], value, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("config", [
    quick(optimizer="adamw", lr=1e-3, augment=VARIED),
    quick(ema=0.9, patience=5, clip_norm=1.0, schedule="cosine", warmup_epochs=0.5, restore_best=True),
])  # fmt: skip
@pytest.mark.parametrize("name", ["softmax", "dacl"])
def test_a_stopped_run_continues_to_the_same_weights(tmp_path, config, name):
    config = replace(config, epochs=3)
    whole, run = trained(config, name, tmp_path / "whole")
    trained_part(config, name, tmp_path / "parts", steps=4)
    continued, rest = trained(config, name, tmp_path / "parts", resume=True)
    assert same(weights(continued), weights(whole))
    pd.testing.assert_frame_equal(rest.history, run.history)
    assert same(load_file(tmp_path / "parts" / "best.safetensors"), load_file(tmp_path / "whole" / "best.safetensors"))


@pytest.mark.parametrize("steps", [2, 3, 5, 6, 8, 9])
def test_what_an_epoch_reports_does_not_depend_on_where_the_run_was_stopped(tmp_path, steps):
    """Three steps an epoch: the third is its last, after which the epoch still has to be ended."""
    config = quick(epochs=3, schedule="cosine", warmup_epochs=1, augment=VARIED)
    _, run = trained(config, "scn", tmp_path / "whole")
    trained_part(config, "scn", tmp_path / "parts", steps)
    _, rest = trained(config, "scn", tmp_path / "parts", resume=True)
    pd.testing.assert_frame_equal(rest.history, run.history, check_exact=True)
    assert (tmp_path / "parts" / "metrics.csv").read_bytes() == (tmp_path / "whole" / "metrics.csv").read_bytes()


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_again(tmp_path):
    whole, _ = trained(quick(), folder=tmp_path / "whole")
    trained(quick(), folder=tmp_path / "parts")
    (tmp_path / "parts" / "last.safetensors").unlink()
    again, _ = trained(quick(), folder=tmp_path / "parts", resume=True)
    assert same(weights(again), weights(whole))


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential"])
def test_a_run_that_is_made_longer_is_the_longer_run(tmp_path, schedule):
    settings = quick(schedule=schedule, step_epochs=2, augment=VARIED, ema=0.9)
    whole, run = trained(replace(settings, epochs=4))
    trained(replace(settings, epochs=2), folder=tmp_path / "run")
    longer, rest = trained(replace(settings, epochs=4), folder=tmp_path / "run", resume=True)
    assert same(weights(longer), weights(whole))
    pd.testing.assert_frame_equal(rest.history, run.history)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["train"]["epochs"] == 4


def test_a_run_that_cannot_be_made_longer_says_why(tmp_path):
    trained(quick(schedule="cosine"), folder=tmp_path / "run")
    with pytest.raises(UserError, match="falls to zero over its 2 epochs"):
        trained(quick(schedule="cosine", epochs=3), folder=tmp_path / "run", resume=True)
    with pytest.raises(UserError, match="cannot become one of 1"):
        trained(quick(schedule="cosine", epochs=1), folder=tmp_path / "run", resume=True)


def test_the_time_of_all_parts_is_added_up(tmp_path):
    _, first = trained(quick(), folder=tmp_path / "run")
    _, again = trained(quick(), folder=tmp_path / "run", resume=True)
    assert again.seconds > load_checkpoint(tmp_path / "run" / "last.safetensors")[1]["progress"]["seconds"] > 0
    assert first.seconds > 0


def trained_part(config, name, folder, steps):
    """Train until the checkpoint after ``steps`` steps is written, then stop as if the power had failed."""

    class PowerFailureError(Exception):
        pass

    written = checkpoint.save_checkpoint

    def failing(path, tensors, facts):
        written(path, tensors, facts)
        progress = facts.get("progress")
        if progress and progress["epoch"] * 3 + progress["step"] >= steps:
            raise PowerFailureError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "save_checkpoint", failing)
        with pytest.raises(PowerFailureError):
            trained(replace(config, checkpoint_steps=1), name, folder)


def test_a_killed_run_continues_to_the_same_weights(tmp_path):
    """kill -9 in mid-epoch, in a process of its own."""
    config = quick(batch_size=8, checkpoint_steps=1, augment=VARIED)
    data = striped(n=400)  # 50 steps an epoch
    script = (
        "import sys; from tests.training.test_engine import *\n"
        "trained(quick(batch_size=8, checkpoint_steps=1, augment=VARIED), folder=sys.argv[1], data=striped(n=400))"
    )
    folder = tmp_path / "killed"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen([sys.executable, "-c", script, str(folder)], env=environment)
    try:
        while not (folder / "last.safetensors").exists():
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    reached = load_checkpoint(folder / "last.safetensors")[1]["progress"]
    assert (reached["epoch"], reached["step"]) < (1, 50)
    config = replace(config, checkpoint_steps=None)
    whole, _ = trained(config, data=data)
    continued, _ = trained(config, folder=folder, resume=True, data=data)
    assert same(weights(continued), weights(whole))


def test_a_run_with_other_settings_is_not_continued(tmp_path):
    trained(quick(epochs=1), folder=tmp_path / "run")
    with pytest.raises(UserError, match=r"train\.lr 0\.02 there and 0\.1 here"):
        trained(quick(epochs=1, lr=0.1), folder=tmp_path / "run", resume=True)
    with pytest.raises(UserError, match=r"data\.samples"):
        trained(quick(epochs=1), folder=tmp_path / "run", resume=True, data=striped(n=40))
    with pytest.raises(UserError, match="holds a run already"):
        trained(quick(epochs=1), folder=tmp_path / "run")
    with pytest.raises(UserError, match="holds no run"):
        trained(quick(epochs=1), folder=tmp_path / "nothing", resume=True)


def test_the_folder_of_a_run(tmp_path):
    method, run = trained(quick(restore_best=True, tensorboard=True), "center_loss", tmp_path / "run")
    names = {path.name for path in run.folder.iterdir()}
    assert {
        "config.json",
        "environment.json",
        "metrics.csv",
        "last.safetensors",
        "best.safetensors",
        "tensorboard",
    } <= names
    assert not [name for name in names if name.endswith(".part")]
    facts = json.loads((run.folder / "environment.json").read_text())
    assert {"commit", "command", "date", "environment"} <= facts.keys()
    assert {"packages", "gpus", "processor_flags"} <= facts["environment"].keys()
    np.testing.assert_allclose(pd.read_csv(run.folder / "metrics.csv")["loss"], run.history["loss"])
    loaded = load_run(run.folder)
    data = striped(n=20, seed=1)
    np.testing.assert_allclose(predict(loaded, data), predict(method, data), atol=1e-6)


def test_early_stopping():
    _, run = trained(quick(epochs=50, lr=1e-12, patience=2))
    assert len(run.history) == 3
    assert run.best_epoch == 0


def test_averaged_weights_are_evaluated_and_kept():
    plain, _ = trained(quick(lr=0.1))
    averaged, run = trained(quick(lr=0.1, ema=0.99))
    assert not same(weights(plain), weights(averaged))
    assert evaluate(averaged, striped(n=20, seed=1))["accuracy"] == run.history["accuracy"].iloc[-1]


def test_whoever_watches_sees_every_step_and_every_epoch():
    data, seen = striped(), []
    method = build_method("center_loss", data)

    def on_step(batch, outputs):
        assert batch["images"].shape == (16, 3, 16, 16)
        assert not outputs["log"]["center_loss"].requires_grad
        seen.append(outputs["loss"].item())

    def on_epoch(watched, row):
        assert watched is method
        seen.append((row["epoch"], row["accuracy"]))

    run = train(method, data, striped(n=20, seed=1), quick(), on_step=on_step, on_epoch=on_epoch)
    epochs = seen[len(data) // 16 :: len(data) // 16 + 1]
    assert epochs == list(zip(run.history["epoch"], run.history["accuracy"], strict=True))
    steps = [value for value in seen if isinstance(value, float)]
    assert run.history["loss"].iloc[1] == pytest.approx(np.mean(steps[len(steps) // 2 :]))


def test_watching_changes_nothing():
    plain, _ = trained(quick())
    watched = build_method("softmax", striped(), seed=0)
    train(watched, striped(), config=quick(), on_step=lambda *_: None, on_epoch=lambda *_: None)
    assert same(weights(plain), weights(watched))


def test_the_epoch_is_seen_with_the_weights_that_were_evaluated_and_its_row_can_be_added_to(tmp_path):
    data, check = striped(), striped(n=20, seed=1)

    def on_epoch(method, row):
        row["again"] = evaluate(method, check)["accuracy"]

    config = quick(lr=0.1, ema=0.99)
    run = train(build_method("softmax", data), data, check, config, tmp_path / "run", on_epoch=on_epoch)
    assert list(run.history["again"]) == list(run.history["accuracy"])
    assert list(pd.read_csv(tmp_path / "run" / "metrics.csv")["again"]) == list(run.history["again"])


def test_class_balanced_draws():
    data = striped(n=200)
    rare = data.subset(np.concatenate([np.flatnonzero(data.labels == 0)[:3], np.flatnonzero(data.labels != 0)]))
    seen = []
    train(
        build_method("softmax", rare),
        rare,
        config=quick(epochs=4, class_balanced=True),
        on_step=lambda batch, outputs: seen.append(batch["labels"]),
    )
    share = (torch.cat(seen) == 0).float().mean()
    assert 0.09 < share < 0.2


def test_labels_drawn_from_votes_are_what_is_trained_on():
    data = striped(n=64)
    voted = replace(data, votes=np.eye(7, dtype=int)[(data.labels + 1) % 7])  # all votes are for another class
    seen = []
    config = quick(draw_labels=True)
    train(build_method("scn", voted), voted, config=config, on_step=lambda batch, _: seen.append(batch))
    for batch in seen:
        assert torch.equal(batch["labels"], batch["votes"].argmax(1))
    with pytest.raises(UserError, match="draws from annotators' votes, which the data set 'striped' does not have"):
        train(build_method("softmax", data), data, config=config)


def test_relabeled_samples_are_trained_with_their_new_label(tmp_path):
    data = striped(n=32)
    method = build_method("softmax", data)
    step, seen = method.training_step, []

    def relabeling(batch, **rest):
        seen.append((rest["epoch"], batch["index"], batch["labels"]))
        everything = {"labels": torch.zeros_like(batch["labels"]), "confidence": torch.ones(len(batch["labels"]))}
        return step(batch, **rest) | {"relabel": everything}

    method.training_step = relabeling
    run = train(method, data, config=quick(), folder=tmp_path / "run")
    assert (torch.cat([labels for epoch, _, labels in seen if epoch == 1]) == 0).all()
    assert len(run.labels.audit()) == (data.labels != 0).sum()
    assert (run.labels.audit()["when"] == 0).all()
    resumed = train(build_method("softmax", data), data, config=quick(), folder=tmp_path / "run", resume=True)
    assert resumed.labels.audit().equals(run.labels.audit())


def test_a_loss_that_is_no_number_stops_the_run():
    with pytest.raises(UserError, match="use a smaller lr"):
        trained(quick(lr=1e30, epochs=3))


def test_what_a_paper_refuses_is_the_users_error():
    """The papers know nothing of UserError; one sample cannot be normalized, and one frame shows no movement."""
    data = striped(n=1)
    with pytest.raises(UserError, match="the batch has a single sample"):
        train(build_method("dacl", data, config=preset("dacl", "small")), data, config=quick(batch_size=1))
    sequences = striped(n=4, sequence=3, size=32)
    method = build_method("mgln", sequences, config=preset("mgln", "small"))
    with pytest.raises(UserError, match="fewer than two frames"):
        evaluate(method, replace(sequences, lengths=np.ones(4, dtype=np.int64)))


def test_bf16_trains_on_a_cpu():
    _, run = trained(quick(precision="bf16", epochs=1))
    assert np.isfinite(run.history["loss"]).all()


def test_a_compiled_step_trains_the_same_weights(monkeypatch):
    plain, _ = trained(quick(epochs=1))
    calls = []
    monkeypatch.setattr(nn.Module, "compile", lambda self, **options: calls.append(type(self).__name__))
    compiled, _ = trained(quick(epochs=1, compile=True))
    assert calls == ["TrainStep"]
    assert same(weights(plain), weights(compiled))


def test_it_is_silent_in_a_notebook(capsys, recwarn):
    trained(quick(epochs=1))
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
    assert not [w for w in recwarn if "accelerate" in str(w.filename)]


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"batch_size": 0}, "batch_size is 0"),
    ({"lr": -1.0}, "lr is -1.0"),
    ({"optimizer": "lion"}, "optimizer is 'lion'"),
    ({"ema": 1.0}, "ema is 1.0"),
    ({"precision": "fp8"}, "precision is 'fp8'"),
])  # fmt: skip
def test_impossible_settings_are_refused(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        quick(**changes)


def test_unfit_data_are_refused():
    method = build_method("softmax", striped())
    with pytest.raises(UserError, match="monitor is 'icc'"):
        train(method, striped(), config=quick(monitor="icc"))
    with pytest.raises(UserError, match="7 classes"):
        train(method, striped(classes=5), config=quick())
    other = replace(striped(), class_names=striped().class_names[::-1])
    with pytest.raises(UserError, match="same names in the same order"):
        train(method, other, config=quick())
    with pytest.raises(UserError, match="16×16"):
        evaluate(method, striped(size=20))
    with pytest.raises(UserError, match="smaller batch_size"):
        train(method, striped(n=10), config=quick(accumulate=2))
    with pytest.raises(UserError, match="square"):
        build_method("softmax", replace(striped(), images=np.zeros((48, 16, 17, 1), np.uint8)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there():
    with pytest.raises(UserError, match="no GPU"):
        trained(quick(device="cuda"))
    with pytest.raises(UserError, match="fp16"):
        trained(quick(precision="fp16"))


def test_methods_say_what_they_need():
    with pytest.raises(UserError, match=r"mgln .* needs lengths, .*synthetic_sequences"):
        build_method("mgln", striped())
    with pytest.raises(UserError, match=r"g2rl .* needs action units and landmarks"):
        build_method("g2rl", replace(striped(), action_units=None, landmarks=None))
    with pytest.raises(UserError, match="no method named 'dakl'"):
        build_method("dakl", striped())


def test_a_step_reads_nothing_from_the_device():
    """On a CPU: no tensor becomes a number, an array or a truth value between two batches."""
    data = striped(n=32)
    method = build_method("softmax", data)
    step = method.training_step
    forbidden = ("item", "cpu", "numpy", "tolist", "__bool__", "__int__", "__float__", "__index__")
    reads = []

    def watched(batch, **rest):
        for name in forbidden:
            original = getattr(torch.Tensor, name)
            patch.setattr(torch.Tensor, name, lambda self, *a, n=name, o=original: reads.append(n) or o(self, *a))
        try:
            return step(batch, **rest)
        finally:
            inside.append(True)

    inside = []
    with pytest.MonkeyPatch.context() as patch:
        method.training_step = watched
        method.after_step = lambda *arguments: patch.undo()
        train(method, data, config=quick(epochs=1))
    assert inside
    assert reads == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, where waiting for the device can be detected")
@pytest.mark.parametrize("cache_gb", [0.0, 4.0])
@pytest.mark.parametrize("name", METHODS)
def test_no_step_waits_for_the_gpu(name, cache_gb):
    from tests.helpers import two_processes

    data = striped(n=64, **two_processes.DATA.get(name, {}))
    method = build_method(name, data, config=two_processes.configuration(name))
    step, count = method.training_step, []

    def watched(batch, **rest):
        count.append(1)
        if len(count) > 1:  # the first step loads kernels and tunes convolutions
            torch.cuda.set_sync_debug_mode("error")
        return step(batch, **rest)

    def restore():
        torch.cuda.set_sync_debug_mode("default")

    method.training_step = watched
    finish = getattr(method, "after_step", lambda *arguments: None)
    method.after_step = lambda *arguments: (finish(*arguments), restore() if len(count) == 4 else None)
    try:
        train(method, data, config=quick(device="cuda", epochs=1, augment=VARIED, device_cache_gb=cache_gb))
    finally:
        restore()
    assert len(count) == 4
