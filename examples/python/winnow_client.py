"""A small client for winnow: single documents, and streams of them."""

import itertools
import json
import os
import random
import sys
import threading
import time

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "gen"))
from google.rpc import status_pb2  # noqa: E402
from winnow.v1 import clean_pb2, clean_pb2_grpc, document_pb2, options_pb2, result_pb2  # noqa: E402

# The server's default limits: messages of 25 MiB in, 49 MiB out.
MAX_SEND = 25 << 20
LIMITS = [
    ("grpc.max_send_message_length", MAX_SEND),
    ("grpc.max_receive_message_length", 49 << 20),
]

# Cleaning changes nothing, so a call may be made again when the server is gone.
# RESOURCE_EXHAUSTED is not in the list: a document that is too large stays so,
# and Client.clean looks after servers that are too busy.
RETRIES = json.dumps({
    "methodConfig": [{
        "name": [{"service": "winnow.v1.CleanService", "method": "Clean"}],
        "retryPolicy": {
            "maxAttempts": 4,
            "initialBackoff": "0.1s",
            "maxBackoff": "5s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }]
})


def read(name):
    with open(name, "rb") as f:
        return f.read()


class Client:
    """A connection to a winnow server. Safe for use by several threads."""

    def __init__(self, address, token=None, ca=None, cert=None, key=None, window=32):
        """token goes with every call; ca is a PEM file and turns TLS on.

        cert and key are PEM files of the client's own, for servers that ask.
        """
        options = LIMITS + [("grpc.service_config", RETRIES), ("grpc.enable_retries", 1)]
        if ca:
            credentials = grpc.ssl_channel_credentials(*(read(name) if name else None for name in (ca, key, cert)))
            self.channel = grpc.secure_channel(address, credentials, options)
        else:
            self.channel = grpc.insecure_channel(address, options)
        self.stub = clean_pb2_grpc.CleanServiceStub(self.channel)
        self.metadata = [("authorization", "Bearer " + token)] if token else []
        self.window = window
        # Python counts text in code points, so the server is asked to as well.
        self.options = options_pb2.CleanOptions(offset_unit=options_pb2.OFFSET_UNIT_CODE_POINT)

    def close(self):
        self.channel.close()

    def clean(self, document, timeout=30):
        """Return the CleanResult of one document, or raise grpc.RpcError.

        A server that has too much to do is asked again, later and later.
        """
        request = clean_pb2.CleanRequest(document=document, options=self.options)
        until = time.monotonic() + timeout
        for attempt in itertools.count():
            try:
                return self.stub.Clean(request, timeout=until - time.monotonic(), metadata=self.metadata).result
            except grpc.RpcError as e:
                wait = random.uniform(0.1, 0.2) * 2 ** min(attempt, 5)
                if not asks_to_retry(e) or time.monotonic() + wait > until:
                    raise
                time.sleep(wait)

    def clean_all(self, documents):
        """Yield (result, None) or (None, error) for each document, in order.

        The error is a google.rpc.Status and concerns that document alone. No
        more than `window` documents are on the way at once.
        """
        places = threading.Semaphore(self.window)
        ended = threading.Event()
        too_large = set()  # would end the stream: sent without their source, and answered in their place

        def requests():
            for i, document in enumerate(documents):
                while not places.acquire(timeout=0.1):
                    if ended.is_set():
                        return
                if document.ByteSize() > MAX_SEND - (1 << 16):  # which leaves room for the options
                    too_large.add(i)
                    document = document_pb2.Document(id=document.id)
                yield clean_pb2.CleanStreamRequest(document=document, options=None if i else self.options)

        call = self.stub.CleanStream(requests(), metadata=self.metadata)
        try:
            for reply in call:
                places.release()
                if reply.index in too_large:
                    too_large.remove(reply.index)
                    yield None, status_pb2.Status(code=8, message="the document is over the limit of messages")
                elif reply.HasField("error"):
                    yield None, reply.error
                else:
                    yield reply.result, None
        finally:
            ended.set()
            call.cancel()


def asks_to_retry(error):
    """Report whether the error says that the same call may go well later.

    A document that is too large has the same code as a server that is too busy;
    only the latter sends a google.rpc.RetryInfo.
    """
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return any(d.type_url.endswith("/google.rpc.RetryInfo") for d in status_pb2.Status.FromString(value).details)
    return False


def text_document(id, text, **fields):
    """A text; text may be bytes or str."""
    return document_pb2.Document(id=id, text=text.encode() if isinstance(text, str) else text, **fields)


def html_document(id, html, **fields):
    """A page, as the bytes that were fetched."""
    return document_pb2.Document(id=id, html=html, **fields)


def restore(result):
    """Put the removed texts back: the extracted text, as bytes."""
    out, at = [], 0
    for span in result.removed:
        if span.mode == result_pb2.MODE_ENFORCED:
            out += [result.clean_text[at:span.clean_offset], span.text]
            at = span.clean_offset
    return b"".join(out + [result.clean_text[at:]])

