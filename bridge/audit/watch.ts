/** Everything that happens to the audit trail in a running bridge: sealed, and sent to each destination that is configured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log } from '../http/log';
import { type SealedRecord } from '../store/audit/chain';
import { keepCursors } from '../store/audit/cursors';
import { type Database } from '../store/database/database';
import { type Destination, type Format } from './destinations/destination';
import { toFile, toStdout } from './destinations/file';
import { toHttp } from './destinations/http';
import { type ExportTo } from './destinations/place';
import { toSyslog } from './destinations/syslog';
import { toWebhook, type Webhook } from './destinations/webhook';
import { type AuditExporter, createAuditExporter } from './exporter';
import { createAuditKeeper } from './keeper';
import { toOcsf } from './ocsf';

const AGAIN_MS = 2_000;

export interface AuditWatchOptions {
  readonly database: Database;
  readonly exports: readonly ExportTo[];
  /** Value of the header `authorization` for destinations over HTTP. */
  readonly authorization: string | undefined;
  readonly webhook: Webhook | undefined;
  readonly version: string;
  /** Name of this process among the replicas. */
  readonly owner: string;
  readonly log: Log;
  readonly clock: () => number;
  readonly observe: {
    sealed(line: SealedRecord): void;
    exported(destination: string, behind: number): void;
  };
}

export interface AuditWatch {
  start(): void;
  stop(): Promise<void>;
}

export function createAuditWatch(options: AuditWatchOptions): AuditWatch {
  const { database, owner, log, clock, observe } = options;
  const keeper = createAuditKeeper({ database, log, observe: line => observe.sealed(line) });
  let exporters: readonly AuditExporter[] = [];
  let beginning: Promise<void> = Promise.resolve();
  const ending = new AbortController();

  async function begin(): Promise<void> {
    const destinations = destinationsOf(options);
    await keepCursors(
      database.db,
      destinations.map(({ name }) => name),
    );
    exporters = destinations.map(destination =>
      createAuditExporter({
        database,
        destination,
        owner,
        log,
        clock,
        observe: behind => observe.exported(destination.name, behind),
      }),
    );
    if (!ending.signal.aborted) exporters.forEach(exporter => exporter.start());
  }

  /** A database that restarts just now is asked again. */
  async function beginOnceItCan(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        return await begin();
      } catch (error) {
        log.warn({ err: error }, 'the audit trail is not exported yet: its database can not be used just now');
        await sleep(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      }
    }
  }

  return {
    start() {
      keeper.start();
      beginning = beginOnceItCan();
    },
    async stop() {
      ending.abort();
      await beginning;
      await keeper.stop();
      await Promise.all(exporters.map(exporter => exporter.stop()));
    },
  };
}

function destinationsOf({ exports, authorization, webhook, version, log }: AuditWatchOptions): Destination[] {
  const format: Format = line => JSON.stringify(toOcsf(line, version));
  return [
    ...exports.map(to => {
      switch (to.kind) {
        case 'stdout':
          return toStdout(format);
        case 'file':
          return toFile(to.path, format);
        case 'syslog':
          return toSyslog(to, format);
        case 'http':
          return toHttp(to.url, { authorization, format, log });
      }
    }),
    ...(webhook === undefined ? [] : [toWebhook(webhook, log)]),
  ];
}
