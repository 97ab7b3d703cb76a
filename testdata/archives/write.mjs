// Writes WARC 1.1, WET and Parquet by libraries that share no code with winnow.
import fs from 'node:fs';
import path from 'node:path';
import { WARCParser, WARCRecord, WARCSerializer } from 'warcio';
import { DuckDBInstance } from '@duckdb/node-api';
import * as arrow from 'apache-arrow';
import * as wasm from 'parquet-wasm';
import { parquetWriteFile } from 'hyparquet-writer';

const here = process.argv[2];
const file = (name) => path.join(here, name);

async function serialize(records, options) {
	const parts = [];
	for (const r of records) parts.push(await WARCSerializer.serialize(r, options));
	return Buffer.concat(parts);
}

async function* bytes(s) {
	yield new TextEncoder().encode(s);
}

// The texts of the pages that wget fetched, as WET, each record a gzip member.
const wet = [WARCRecord.createWARCInfo({ filename: 'pages.warc.wet.gz', warcVersion: 'WARC/1.0' }, { software: 'warcio' })];
for await (const r of new WARCParser(fs.createReadStream(file('wget.warc')))) {
	if (r.warcType !== 'response' || r.httpHeaders.statusCode !== 200) continue;
	const kind = r.httpHeaders.headers.get('Content-Type') || '';
	if (!kind.startsWith('text/html') || !/plain|gzip|chunked/.test(r.warcTargetURI)) continue;
	const text = (await r.contentText()).replace(/<[^>]*>/g, '').replace(/\n+/g, '\n').trim() + '\n';
	wet.push(WARCRecord.create({
		url: r.warcTargetURI, date: r.warcDate, type: 'conversion', warcVersion: 'WARC/1.0',
		warcHeaders: {
			'Content-Type': 'text/plain', 'WARC-Refers-To': r.warcHeader('WARC-Record-ID'),
			'WARC-Identified-Content-Language': 'eng',
		},
	}, bytes(text)));
}
fs.writeFileSync(file('pages.warc.wet.gz'), await serialize(wet, { gzip: true }));

// WARC 1.1: dates with parts of a second, resource and metadata records.
const page = '<html><body><article><h1>The café</h1><p>It has new owners.</p></article></body></html>';
fs.writeFileSync(file('warcio.warc'), await serialize([
	WARCRecord.createWARCInfo({ filename: 'warcio.warc', warcVersion: 'WARC/1.1' }, { software: 'warcio' }),
	WARCRecord.create({
		url: 'https://dailyexample.com/cafe', date: '2026-03-01T08:00:00.123456Z', type: 'response', warcVersion: 'WARC/1.1',
		statusline: 'HTTP/1.1 200 OK', httpHeaders: { 'Content-Type': 'text/html; charset="utf-8"' },
	}, bytes(page)),
	WARCRecord.create({
		url: 'https://dailyexample.com/cafe', date: '2026-03-01T08:00:00.123456Z', type: 'metadata', warcVersion: 'WARC/1.1',
		warcHeaders: { 'Content-Type': 'application/warc-fields' },
	}, bytes('fetchTimeMs: 12\r\n')),
	WARCRecord.create({
		url: 'urn:notes:1', date: '2026-03-01T08:00:01Z', type: 'resource', warcVersion: 'WARC/1.1',
		warcHeaders: { 'Content-Type': 'text/plain' },
	}, bytes('A note.\nPost a Comment\n')),
], {}));

// Parquet by DuckDB: three row groups, nulls, lists, a struct, a map, dates and decimals.
const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run(`create table t as select
	'doc-' || i as id,
	case when i % 7 = 0 then null else 'https://dailyexample.com/' || i end as url,
	case when i % 11 = 5 then null else 'The ferry sails at ' || (i % 12) || '.' || chr(10) || 'Post a Comment' end as text,
	i::integer as n, i * 1000000007::bigint as big, (i / 8)::double as ratio, (i / 100)::decimal(9, 2) as price,
	case when i % 3 = 0 then null when i % 3 = 1 then [] else ['sea', null, 'quay ' || i] end as tags,
	{'desk': case when i % 2 = 0 then 'city' end, 'page': i} as origin,
	map {'k' || i: i, 'all': 0} as counts,
	[[i], [], null, [i, i + 1]] as grid,
	date '2026-01-01' + i::integer as day, timestamp '2026-01-01 08:00:00.123456' + to_minutes(i) as captured,
	'\\xAB\\x00'::blob as raw, i % 2 = 0 as even, uuid '00000000-0000-4000-8000-000000000001' as u
	from range(5000) r(i)`);
await db.run(`copy (select * from t order by n) to '${file('duckdb.parquet')}' (format parquet, compression zstd, row_group_size 2048)`);

// By arrow-rs (through parquet-wasm): large strings as a dictionary, html.
const table = arrow.tableFromArrays({
	doc: ['x', 'y', 'z'],
	html: [page, null, page.replace('café', 'pier')],
	publisher: ['dailyexample.com', 'dailyexample.com', null],
	year: Int32Array.from([2024, 2025, 2026]),
});
const written = wasm.writeParquet(wasm.Table.fromIPCStream(arrow.tableToIPC(table, 'stream')),
	new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression.SNAPPY).build());
fs.writeFileSync(file('arrow.parquet'), Buffer.from(written));

// By hyparquet: plain, with JSON in a column.
parquetWriteFile({
	filename: file('hyparquet.parquet'),
	columnData: [
		{ name: 'url', data: ['https://dailyexample.com/1', 'https://dailyexample.com/2'], type: 'STRING' },
		{ name: 'text', data: ['The ferry sails at nine.\nPost a Comment', 'Grüße aus Tromsø.'], type: 'STRING' },
		{ name: 'meta', data: [{ desk: 'city' }, { desk: null }], type: 'JSON' },
		{ name: 'when', data: [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-02T00:00:00Z')], type: 'TIMESTAMP' },
	],
});
