// Reads what winnow wrote, by libraries that share no code with it.
import assert from 'node:assert';
import fs from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import * as wasm from 'parquet-wasm';
import { WARCParser } from 'warcio';

const here = process.argv[2];
const db = await (await DuckDBInstance.create(':memory:')).connect();
const ask = async (sql) => (await db.runAndReadAll(sql)).getRowObjectsJson();

// Every column that is not winnow's is equal, row by row, in both directions.
const ours = 'text, url, title, publisher, removed, warnings, revision, sha256, error';
const before = `select * exclude (text, url) from '${here}/duckdb.parquet'`;
const after = `select * exclude (${ours}) from 'table.parquet'`;
assert.equal((await ask(`select count(*) n from (${before} except all ${after})`))[0].n, '0');
assert.equal((await ask(`select count(*) n from (${after} except all ${before})`))[0].n, '0');
assert.deepEqual(
	(await ask(`describe ${after}`)).map((c) => [c.column_name, c.column_type]),
	(await ask(`describe ${before}`)).map((c) => [c.column_name, c.column_type]));
// What was removed, put back, is the text that went in.
assert.equal((await ask(`select count(*) n from 'table.parquet' o join '${here}/duckdb.parquet' i using (id)
	where o.error is null and o.text || coalesce(o.removed[1].text, '') <> i.text`))[0].n, '0');
for (const [name, rows] of [['table.parquet', 5000], ['lines.parquet', 5]]) {
	const file = await asyncBufferFromFile(name);
	assert.equal((await parquetReadObjects({ file, compressors })).length, rows);
	assert.equal(wasm.readParquet(fs.readFileSync(name)).recordBatches().reduce((n, b) => n + b.numRows, 0), rows);
}

const uris = [];
for await (const r of new WARCParser(fs.createReadStream('crawl.wet.gz'))) {
	await r.readFully(true);
	if (r.warcType === 'conversion') uris.push(r.warcTargetURI);
}
assert.equal(uris.length, 15);
