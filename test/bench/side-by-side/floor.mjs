// The floor: what HTTP costs with nothing around it, and with two durable rows (`node floor.mjs sqlite`). It knows no SCIM: each write is two
// rows and a wait for the disk that concurrent ones share, each read is one look, and the answer is as long as one of a SCIM server.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { fdatasync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers';

const store = process.argv[2] === 'sqlite' ? await onDisk() : inMemory();

function inMemory() {
  const rows = new Map();
  return {
    read: id => rows.get(id),
    write(id, body, answer) {
      rows.set(id, body);
      answer();
    },
    close() {},
  };
}

async function onDisk() {
  const { default: Database } = await import('better-sqlite3');
  const folder = mkdtempSync(join(tmpdir(), 'cscim-floor-'));
  const file = join(folder, 'floor.db');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.exec(
    'create table rows (id text primary key, body text); create table work (id text primary key, body text)',
  );
  const write = database.prepare('insert or replace into rows values (?, ?)');
  const note = database.prepare('insert or replace into work values (?, ?)');
  const read = database.prepare('select body from rows where id = ?');
  const log = openSync(`${file}-wal`, 'r+');
  let waiting = [];
  let busy = false;
  const drain = () => {
    const batch = waiting;
    waiting = [];
    busy = batch.length > 0;
    if (!busy) return;
    database.exec('begin');
    for (const { id, body } of batch) {
      write.run(id, body);
      note.run(id, body);
    }
    database.exec('commit');
    fdatasync(log, () => {
      for (const { answer } of batch) answer();
      setImmediate(drain);
    });
  };
  return {
    read: id => read.get(id)?.body,
    write(id, body, answer) {
      waiting.push({ id, body, answer });
      if (busy) return;
      busy = true;
      setImmediate(drain);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const server = createServer((request, response) => {
  const id = /\/(?:Users|Groups)\/([^/?]+)/.exec(request.url ?? '')?.[1] ?? randomUUID();
  const answer = (status, text) => {
    response.writeHead(status, { 'content-type': 'application/scim+json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };
  if (request.method === 'GET') {
    answer(200, store.read(id) ?? '{"Resources":[]}');
    return;
  }
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.stringify({ ...JSON.parse(Buffer.concat(chunks).toString() || '{}'), id });
    store.write(id, body, () => answer(200, body));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening at http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => {
  store.close();
  process.exit(0);
});
