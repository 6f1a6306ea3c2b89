"""Activations that memory does not hold: 2 GB recorded, and trained on, and the memory that it took: `make bench`.

Should stay below 500 MB, torch itself included, and read at least ten times as fast as row by row at random places.
"""

import resource
import subprocess
import sys
import time

import torch

from saeno import FourierDictionary, MatchingPursuit, SparseAutoencoder, fit
from saeno.operators import FNO, Shards, record

WIDTH, NODES = 32, 128
BATCH = 64


def _most() -> float:
    """The largest resident memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def write(folder: str, count: int) -> None:
    """Record a hidden layer of `count` inputs, made a chunk at a time: all of them would be a fifth of the memory."""
    x = torch.randn(count, 1, NODES)
    began = _most()
    record(FNO(1, 1, WIDTH, 16), x, "layers.1", batch=256, shards=folder)
    print(f"recorded: at most {_most():.0f} MB, {began:.0f} before")


def learn(folder: str, steps: int) -> None:
    """Train on what was recorded, for as many steps as read all of it once."""
    began = _most()
    model = SparseAutoencoder(FourierDictionary(WIDTH, 16, 16), MatchingPursuit(2, detach=True))
    fit(model, Shards(folder).loader(batch=BATCH, buffer=2048), steps, lr=1e-2, progress=False)
    print(f"trained: at most {_most():.0f} MB, {began:.0f} before")


def bench_two_gigabytes(tmp_path):
    """Each part in a process of its own, whose memory is what it took; and rows per second, in order and at random."""
    count = int(2e9 / (WIDTH * NODES * 4))
    folder = tmp_path / "layers"
    for part, number in (("write", count), ("learn", count // BATCH // 8)):
        place = folder if part == "write" else folder / "layers.1"
        done = subprocess.run([sys.executable, __file__, part, str(place), str(number)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        print("\n" + done.stdout.strip(), end="")
    shards = Shards(folder / "layers.1")
    for kind in ("with their digests", "again"):
        start = time.perf_counter()
        rows = sum(len(part.clone()) for part in shards)  # a copy: what is only mapped was not read
        in_order = rows / (time.perf_counter() - start)
        print(f"\nrows a second, in order, {kind}: {in_order:.0f}", end="")
    paths = [shards.folder / file["name"] for file in shards.files]
    sizes = [file["rows"] for file in shards.files]
    del shards
    chosen = torch.randint(len(paths), (200,), generator=torch.Generator().manual_seed(0)).tolist()
    start = time.perf_counter()
    for place in chosen:
        torch_row(paths[place], sizes[place] // 2)
    at_random = len(chosen) / (time.perf_counter() - start)
    print(f"\nrows a second, one at a time: {at_random:.0f}; in order {in_order / at_random:.0f} times as many")


def torch_row(path, row: int) -> torch.Tensor:
    """One row of one file, as a data set with random access reads it."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return file.get_slice("rows")[row].clone()


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"write": write, "learn": learn}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
