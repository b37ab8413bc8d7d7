#!/usr/bin/env python3
"""PyTorch training the paper's CNN, for tests/bench/bench_train.c.

    torch_train.py DATA THREADS

DATA: a folder of IDX files as in samples/mnist. Adam, cross-entropy, batches of 500. Prints one
line that names the memory layout that was fastest, then for each line on stdin how many seconds
24 shuffled batches (12,000 images) take.
"""
import gzip
import os
import sys
import time

try:
    import numpy
    import torch
    from torch import nn
except ImportError as error:
    print(f"absent: {error}", flush=True)
    sys.exit(0)

BATCH, BATCHES = 500, 24


def idx(folder, name):
    path = os.path.join(folder, name)
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz")
    with opened as file:
        data = file.read()
    rank = data[3]
    shape = numpy.frombuffer(data[4:4 + 4 * rank], ">u4")
    return numpy.frombuffer(data[4 + 4 * rank:], numpy.uint8).reshape(shape)


class Training:
    def __init__(self, layout, images, labels):
        torch.manual_seed(1)
        self.net = nn.Sequential(nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Conv2d(12, 12, 3), nn.ReLU(),
                                 nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1728, 10))
        self.net = self.net.to(memory_format=layout)
        self.images, self.labels = images.contiguous(memory_format=layout), labels
        self.adam = torch.optim.Adam(self.net.parameters(), 1e-3, eps=1e-7)
        self.loss = nn.CrossEntropyLoss()

    def seconds(self):
        start = time.perf_counter()
        order = torch.randperm(BATCH * BATCHES)
        for batch in range(BATCHES):
            some = order[batch * BATCH:(batch + 1) * BATCH]
            self.adam.zero_grad()
            loss = self.loss(self.net(self.images[some]), self.labels[some])
            loss.backward()
            self.adam.step()
        loss.item()
        return time.perf_counter() - start


def main():
    torch.set_num_threads(int(sys.argv[2]))
    count = BATCH * BATCHES
    pixels = idx(sys.argv[1], "train-images-idx3-ubyte")[:count].astype(numpy.float32) / 255
    images = torch.tensor(pixels)[:, None]
    labels = torch.tensor(idx(sys.argv[1], "train-labels-idx1-ubyte")[:count].astype(numpy.int64))
    ways = {"channels last": Training(torch.channels_last, images, labels),
            "channels first": Training(torch.contiguous_format, images, labels)}
    best = min(ways, key=lambda way: min(ways[way].seconds() for _ in range(2)))
    print(f"PyTorch {torch.__version__}, {best}, {torch.get_num_threads()} thread(s)", flush=True)
    for _ in sys.stdin:
        print(ways[best].seconds(), flush=True)


main()
