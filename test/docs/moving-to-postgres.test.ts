/** The steps of docs/deploy.md from SQLite to Postgres, pasted into a shell: what follows the start waits for the bridge. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { itWith } from '../deploy/tools';
import { until } from '../support/until';

const STEPS = /From SQLite to Postgres:\n\n```sh\n([^`]*)```/.exec(
  readFileSync(join(__dirname, '..', '..', 'docs', 'deploy.md'), 'utf8'),
)?.[1];

itWith('curl', 'apt-get install curl')(
  'the bridge is asked when it listens, some time after systemd has started it',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coder-scim-steps-'));
    // A port that nobody listens on yet.
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await new Promise(resolve => taken.close(resolve));
    const bridge = createServer((_request, response) => response.end('{}'));
    const said = join(folder, 'said');
    const program = (name: string, ...lines: string[]) =>
      writeFileSync(join(folder, name), ['#!/bin/sh', `echo ${name} "$1" >> ${said}`, ...lines, ''].join('\n'), {
        mode: 0o755,
      });
    program('systemctl');
    // What asks a bridge that does not answer ends with 3.
    program('coder-scim', `case $1 in status|audit) curl -fs -o /dev/null http://127.0.0.1:${port}/ || exit 3 ;; esac`);
    try {
      const shell = spawn('sh', ['-c', STEPS?.replaceAll('8399', String(port)) ?? 'exit 9'], {
        env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
        stdio: 'ignore',
      });
      const ended = once(shell, 'exit');
      await until(
        'systemd has started it',
        () => existsSync(said) && /systemctl start/.test(readFileSync(said, 'utf8')),
      );
      // As long as a bridge takes to start: whoever asks meanwhile asks in vain.
      await sleep(500);
      bridge.listen(port, '127.0.0.1');
      expect(await ended).toEqual([0, null]);
      expect(readFileSync(said, 'utf8').trim().split('\n')).toEqual([
        'systemctl stop',
        'coder-scim export',
        'coder-scim import',
        'systemctl start',
        'coder-scim status',
        'coder-scim audit',
      ]);
    } finally {
      bridge.closeAllConnections();
      bridge.close();
      rmSync(folder, { recursive: true });
    }
  },
);
