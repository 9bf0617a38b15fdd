"""How many synthetic faces a second: python studies/faces_speed.py [--size 64 --n 2000 --threads 2 --device cpu]

Prints wall-clock faces a second and processor time a face (which other programs on the machine disturb less), best of
three rounds, and writes data/results/faces_speed.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import torch

from fer_tutorial.faces import sample_faces

RESULTS = Path(__file__).resolve().parent.parent / "data" / "results"


def processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    on_gpu = args.device == "cuda"
    sample_faces(64, size=args.size, device=args.device)  # warm up
    rounds = []
    for seed in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        sample_faces(args.n, seed=seed, size=args.size, device=args.device)
        if on_gpu:
            torch.cuda.synchronize()
        rounds.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = min(r[0] for r in rounds), min(r[1] for r in rounds)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    record = {
        "faces_per_second": round(args.n / wall, 1),
        "processor_ms_per_face": round(1000 * cpu / args.n, 3),
        "settings": vars(args),
        "command": " ".join(["python", "studies/faces_speed.py", *sys.argv[1:]]),
        "commit": commit or "unknown",
        "hardware": torch.cuda.get_device_name() if on_gpu else processor(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    print(f"{record['faces_per_second']} faces/s at {args.size} x {args.size} on {args.device}, {args.threads} threads")
    print(f"{record['processor_ms_per_face']} ms of processor time a face")
    RESULTS.mkdir(parents=True, exist_ok=True)
    name = "faces_speed.json" if not on_gpu else "faces_speed_gpu.json"
    (RESULTS / name).write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
