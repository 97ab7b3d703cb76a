// A small client for winnow: single documents, and streams of them.

import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const proto = fileURLToPath(new URL('../../proto', import.meta.url));
const definition = protoLoader.loadSync(['winnow/v1/clean.proto', 'winnow/v1/rule.proto'], {
  includeDirs: [proto], enums: String, longs: Number, bytes: Buffer, defaults: true, oneofs: true,
});
const { winnow } = grpc.loadPackageDefinition(definition);

// The server's default limits: messages of 25 MiB in, 49 MiB out.
const maxSend = 25 << 20;
const limits = { 'grpc.max_send_message_length': maxSend, 'grpc.max_receive_message_length': 49 << 20 };

// JavaScript counts strings in UTF-16 units, so the server is asked to as well.
const options = { offsetUnit: 'OFFSET_UNIT_UTF16' };

export class Client {
  // token goes with every call; ca is a PEM buffer and turns TLS on. cert and key
  // are PEM buffers of the client's own, for servers that ask.
  constructor(address, { token, ca, cert, key, window = 32 } = {}) {
    const credentials = ca ? grpc.credentials.createSsl(ca, key, cert) : grpc.credentials.createInsecure();
    this.service = new winnow.v1.CleanService(address, credentials, limits);
    this.window = window;
    this.metadata = new grpc.Metadata();
    if (token) this.metadata.set('authorization', `Bearer ${token}`);
  }

  close() {
    this.service.close();
  }

  // clean resolves to the result of one document. Its error has a gRPC code and
  // the server's message in details. A server that has too much to do is asked
  // again, later and later.
  async clean(document, { timeout = 30_000 } = {}) {
    const deadline = Date.now() + timeout;
    for (let attempt = 0; ; attempt++) {
      try {
        return await new Promise((resolve, reject) => {
          this.service.clean({ document, options }, this.metadata, { deadline },
            (err, response) => (err ? reject(err) : resolve(response.result)));
        });
      } catch (err) {
        const wait = (100 + 100 * Math.random()) * 2 ** Math.min(attempt, 5);
        if (!asksToRetry(err) || Date.now() + wait > deadline) throw err;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  // cleanAll yields {id, index, result} or {id, index, error} for each document
  // of an iterable, in order. An error concerns that document alone. No more than
  // the window are on the way at once.
  async* cleanAll(documents) {
    const call = this.service.cleanStream(this.metadata);
    const source = documents[Symbol.asyncIterator]?.() ?? documents[Symbol.iterator]();
    let waiting = 0;
    let sent = 0;
    const tooLarge = new Set(); // would end the stream: sent without their source, and answered in their place
    let ended = false;
    const fill = async () => {
      while (!ended && waiting < this.window) {
        const { value, done } = await source.next();
        if (done) {
          ended = true;
          call.end();
          return;
        }
        const size = Math.max(value.html?.length ?? 0, value.text?.length ?? 0);
        const fits = size < maxSend - (1 << 16); // which leaves room for the other fields
        if (!fits) tooLarge.add(sent);
        call.write({ document: fits ? value : { id: value.id }, ...(sent === 0 && { options }) });
        waiting++;
        sent++;
      }
    };
    try {
      await fill();
      for await (const reply of call) {
        waiting--;
        if (tooLarge.delete(reply.index)) {
          const error = { code: grpc.status.RESOURCE_EXHAUSTED, message: 'the document is over the limit of messages', details: [] };
          yield { id: reply.id, index: reply.index, error };
        } else {
          yield { id: reply.id, index: reply.index, [reply.outcome]: reply[reply.outcome] };
        }
        await fill();
      }
    } finally {
      call.cancel();
    }
  }
}

// asksToRetry reports whether an error says that the same call may go well later. A
// document that is too large has the same code as a server that is too busy; only
// the latter sends a google.rpc.RetryInfo.
export function asksToRetry(err) {
  const [details] = err.metadata?.get('grpc-status-details-bin') ?? [];
  return details?.includes('google.rpc.RetryInfo') ?? false;
}

// restore puts the removed texts back: the extracted text, as a Buffer.
export function restore(result) {
  const pieces = [];
  let at = 0;
  for (const span of result.removed) {
    if (span.mode !== 'MODE_ENFORCED') continue;
    pieces.push(result.cleanText.subarray(at, span.cleanOffset), span.text);
    at = span.cleanOffset;
  }
  pieces.push(result.cleanText.subarray(at));
  return Buffer.concat(pieces);
}
