import subprocess

import torch

from fer_tutorial.records import provenance as module
from fer_tutorial.records.provenance import _processor, commit, environment, machine, provenance


def test_the_record_names_what_decides_rounding():
    facts = environment()
    assert facts["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert facts["threads"] == torch.get_num_threads()
    assert facts["processor"]
    assert set(facts["processor_flags"]) <= set(module.ROUNDING_FLAGS)
    assert facts["packages"]["torch"] != "not installed"


def test_flags_are_those_present_in_one_order(tmp_path):
    (tmp_path / "x86").write_text("processor: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx512f amx_bf16 avx2\n\n")
    assert _processor(tmp_path / "x86") == ("Some CPU", ["avx2", "avx512f", "amx_bf16"])
    (tmp_path / "arm").write_text("processor: 0\nFeatures\t: fp asimd sve\n")
    name, flags = _processor(tmp_path / "arm")
    assert name
    assert flags == ["asimd", "sve"]
    assert _processor(tmp_path / "nowhere")[1] == []


def test_a_command_names_no_folder_of_the_machine():
    words = ["python", "studies/scn.py", "--data-root", "/home/me/FERPLUS", "--seeds", "3"]
    facts = provenance(words)
    assert facts["command"] == ["python", "studies/scn.py", "--data-root", "FERPLUS", "--seeds", "3"]
    assert set(facts) == {"command", "commit", "date", "environment"}


def test_changed_files_are_said_and_no_git_is_no_commit(monkeypatch):
    answers = {"rev-parse": "abc\n", "status": ""}

    def run(words, **_):
        return subprocess.CompletedProcess(words, 0, stdout=answers[words[1]])

    monkeypatch.setattr(subprocess, "run", run)
    assert commit() == "abc"
    answers["status"] = " M fer_tutorial/errors.py\n"
    assert commit() == "abc+changes"

    def no_git(words, **_):
        raise FileNotFoundError(words[0])

    monkeypatch.setattr(subprocess, "run", no_git)
    assert commit() is None


def test_a_gpu_is_named_first():
    assert machine({"gpus": ["H100"], "processor": "CPU", "cpu_capability": "AVX2"}) == "H100, CPU (AVX2)"
