# SPDX-License-Identifier: MIT
"""A disk with a volatile cache, for QEMU over NBD, whose power can be cut.

What is written stays in the disk's cache until it is flushed or written with FUA, as on an SD card or an SSD. A power cut loses the cache but for a
random part of its sectors: nothing says in which order a disk writes them. From then on every request fails, so that nothing is
acknowledged that the disk does not have, until the power is back. The image is only read: the medium is in memory.

Protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md (fixed newstyle, simple replies)
"""
import mmap
import os
import struct
import threading

SECTOR = 512
OPTION_MAGIC = 0x49484156454F5054
OPTION_REPLY_MAGIC = 0x3E889045565A9
OPTION_ABORT, OPTION_GO = 2, 7
REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 1, 3, 0x80000001
REPLY_MAGIC = 0x67446698
READ, WRITE, DISCONNECT, FLUSH = range(4)
HAS_FLAGS, SEND_FLUSH, SEND_FUA = 1, 4, 8
FUA = 1
EIO, EINVAL = 5, 22


class Disk:
    def __init__(self, image, rng):
        self.medium = load(image)
        self.cached = {}  # newer sectors, which a power cut may lose
        self.rng = rng
        self.fuse = 0
        self.is_cut = threading.Event()
        self.unflushed = self.written = 0  # sectors in the cache at the last cut, and those of them that reached the medium
        self.lock = threading.Lock()

    def read(self, offset, length):
        data = bytearray(self.medium[offset : offset + length])
        for i in range(0, length, SECTOR):
            sector = self.cached.get((offset + i) // SECTOR)
            if sector is not None:
                data[i : i + SECTOR] = sector
        return data

    def write(self, offset, data):
        for i in range(0, len(data), SECTOR):
            self.cached[(offset + i) // SECTOR] = data[i : i + SECTOR]

    def store(self, numbers):
        for number in numbers:
            self.medium[number * SECTOR : (number + 1) * SECTOR] = self.cached.pop(number)

    def cut_after(self, requests):
        """Arms a cut in place of that write or flush, counted from now; self.is_cut is set when it has happened."""
        with self.lock:
            self.fuse = requests

    def cut(self):
        chance = self.rng.random()
        self.unflushed = len(self.cached)
        written = [n for n in self.cached if self.rng.random() < chance]
        self.written = len(written)
        self.store(written)
        self.cached.clear()
        self.is_cut.set()

    def restore(self):
        with self.lock:
            self.fuse = 0
            self.is_cut.clear()

    def answer(self, command, offset, length, data, fua):
        """Returns an error number and what was read."""
        with self.lock:
            if self.fuse and command in (WRITE, FLUSH):
                self.fuse -= 1
                if not self.fuse:
                    self.cut()
            if self.is_cut.is_set():
                return EIO, b""
            if offset % SECTOR or length % SECTOR or offset + length > len(self.medium):
                return EINVAL, b""
            if command == READ:
                return 0, self.read(offset, length)
            if command not in (WRITE, FLUSH):
                return EINVAL, b""
            self.write(offset, data)
            if command == FLUSH:
                self.store(list(self.cached))
            elif fua:
                self.store(range(offset // SECTOR, (offset + length) // SECTOR))
            return 0, b""

    def serve(self, listener):
        """One client, until it leaves."""
        peer = listener.accept()[0]
        try:
            negotiate(peer, len(self.medium))
            while True:
                _, flags, command, handle, offset, length = struct.unpack(">IHHQQI", receive(peer, 28))
                if command == DISCONNECT:
                    return
                data = receive(peer, length) if command == WRITE else b""
                error, read = self.answer(command, offset, length, data, flags & FUA)
                peer.sendall(struct.pack(">IIQ", REPLY_MAGIC, error, handle) + read)
        except ConnectionError:
            return


def load(image):
    """The image in memory, its holes left out."""
    with open(image, "rb") as file:
        medium = mmap.mmap(-1, os.fstat(file.fileno()).st_size)
        end = 0
        while True:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:  # no more data
                return medium
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            file.seek(start)
            medium[start:end] = file.read(end - start)


def receive(peer, length):
    data = bytearray()
    while len(data) < length:
        part = peer.recv(length - len(data))
        if not part:
            raise ConnectionError
        data += part
    return bytes(data)


def negotiate(peer, size):
    def reply(option, kind, data=b""):
        peer.sendall(struct.pack(">QIII", OPTION_REPLY_MAGIC, option, kind, len(data)) + data)

    peer.sendall(b"NBDMAGIC" + struct.pack(">QH", OPTION_MAGIC, 1))
    receive(peer, 4)
    while True:
        _, option, length = struct.unpack(">QII", receive(peer, 16))
        receive(peer, length)
        if option == OPTION_GO:
            reply(option, REPLY_INFO, struct.pack(">HQH", 0, size, HAS_FLAGS | SEND_FLUSH | SEND_FUA))
            reply(option, REPLY_ACK)
            return
        reply(option, REPLY_ACK if option == OPTION_ABORT else REPLY_UNSUPPORTED)
