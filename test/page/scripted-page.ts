/** The page alone over an empty database, with a reconciler that does what a test says, and somebody who is signed in. */
import { SILENT_CODER } from '../support/status';
import express from 'express';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createCredentials } from '../../bridge/admin/access/credentials';
import { ADMIN_SCOPES } from '../../bridge/contract/admin-api';
import { digestHex } from '../../bridge/http/caller';
import { createPageRouter } from '../../bridge/page/page';
import { createLog } from '../../bridge/process/log';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { type ScriptedReconciler, scriptedReconciler } from '../admin/scripted-reconciler';
import { Visitor } from './visitor';

const TOKEN = 'an-admin-token-for-this-test';
export const NOW = Date.parse('2026-03-01T12:00:00Z');

export interface ScriptedPage {
  readonly database: Database;
  readonly reconciler: ScriptedReconciler;
  readonly server: Server;
  readonly who: Visitor;
  /** The proof of the forms of who is signed in. */
  readonly csrf: string;
  /** Somebody else, signed in as well. */
  another(): Promise<Visitor>;
  stop(): Promise<void>;
}

export async function startScriptedPage(): Promise<ScriptedPage> {
  const database = await openDatabase(':memory:');
  const reconciler = scriptedReconciler();
  const credentials = createCredentials(
    database,
    [{ name: 'on-call', digest: digestHex(TOKEN), scopes: ADMIN_SCOPES, expiresAt: undefined }],
    () => NOW,
  );
  const never = () => Promise.reject(new Error('not asked for by the page'));
  const page = createPageRouter({
    database,
    reconciler,
    credentials,
    coder: { getUser: never, deleteUser: never, listSeenClaims: never },
    seats: { read: async () => null },
    probe: { state: () => Promise.resolve(SILENT_CODER) },
    // Behind a proxy that gives the bridge a path of the host and takes it away again.
    publicUrl: 'https://example.com/scim-bridge',
    version: '1.2.3',
    log: createLog({ level: 'silent', format: 'json', secrets: [] }),
    clock: () => NOW,
    oidc: undefined,
    stopping: new AbortController().signal,
  });
  const server = createServer(express().set('query parser', false).use('/ui', page)).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const another = () => new Visitor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).signIn(TOKEN);
  const who = await another();
  return {
    database,
    reconciler,
    server,
    who,
    csrf: await who.csrf(),
    another,
    async stop() {
      await new Promise<void>(resolve => void server.close(() => resolve()));
      await database.close();
    },
  };
}
