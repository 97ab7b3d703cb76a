// Clean files through a server, pages (.html) and texts, on one stream.
//
//   npm ci && node run.js 127.0.0.1:7464 FILE...
//
// WINNOW_TOKEN holds a token, WINNOW_CA, WINNOW_CERT and WINNOW_KEY name files in
// PEM, for servers that ask for them.
//
// Every result is checked: the removed texts, put back, must give the input.
// Exits with 1 where one does not, or where a document failed.

import { readFile } from 'node:fs/promises';
import { Client, restore } from './winnow.js';

const [address, ...names] = process.argv.slice(2);
if (names.length === 0) {
  console.error('usage: node run.js ADDRESS FILE...');
  process.exit(2);
}

const sources = [];
async function* documents() {
  for (const name of names) {
    const source = await readFile(name);
    sources.push(source);
    yield { id: name, [name.endsWith('.html') ? 'html' : 'text']: source };
  }
}

let failed = 0;
const wrong = (message) => {
  console.error(message);
  failed++;
};

const { env } = process;
const pem = async (name) => (name ? readFile(name) : undefined);
const client = new Client(address, {
  token: env.WINNOW_TOKEN, ca: await pem(env.WINNOW_CA), cert: await pem(env.WINNOW_CERT), key: await pem(env.WINNOW_KEY),
});
let replies = 0;
for await (const { id, index, result, error } of client.cleanAll(documents())) {
  replies++;
  if (error) {
    wrong(`${id}: ${error.message}`);
    continue;
  }
  const isPage = id.endsWith('.html');
  const extracted = isPage ? result.extractedText : sources[index];
  const whole = extracted.toString();
  console.log(`${id}: ${sources[index].length} bytes in, ${result.cleanText.length} clean, ${result.removed.length} removed`);
  for (const span of result.removed) {
    const { start, end } = span.unitExtractedRange;
    console.log(`  ${span.rules.join(', ')}: ${JSON.stringify(whole.slice(start, end).slice(0, 60))}`);
    if (whole.slice(start, end) !== span.text.toString()) wrong(`${id}: the range in UTF-16 units is another text`);
  }
  if (!restore(result).equals(extracted)) wrong(`${id}: cannot be put together again`);
}
if (replies !== names.length) wrong(`${replies} replies to ${names.length} documents`);

// A document that cannot be cleaned is an error of its own, with a code.
try {
  await client.clean({ id: 'none' });
  wrong('a document without a source is taken');
} catch (err) {
  if (err.code !== 3) wrong(`a document without a source: ${err}`);
}

// More at once than a server takes: those that it turns away come again.
const text = Buffer.from('Ferries sail as usual.\n'.repeat(100));
for (const result of await Promise.all(Array.from({ length: 200 }, (_, i) => client.clean({ id: `${i}`, text })))) {
  if (result.removed.length) wrong('a text without furniture lost some');
}

// One that no message can hold costs the stream nothing else.
const said = [];
for await (const { id, error } of client.cleanAll([{ id: 'a', text }, { id: 'b', text: Buffer.alloc(26 << 20) }, { id: 'c', text }])) {
  said.push(`${id} ${error?.code ?? 'ok'}`);
}
if (said.join() !== 'a ok,b 8,c ok') wrong(`a document that is too large: ${said}`);
client.close();
process.exit(failed ? 1 : 0);
