/**
 * Syslog messages (RFC 5424) over TCP or TLS, each with its length before it (RFC 6587 §3.4.1, RFC 5425 §4.3). Syslog has no acknowledgement: a
 * connection for each delivery, ended by us and then by the other side, is the most that can be known.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { type SealedRecord } from '../../store/audit/chain';
import { DELIVERY_MS, type Destination, type Format } from './destination';
import { nameOf, type SyslogAddress } from './place';

const LOG_AUDIT = 13;
// Severities of RFC 5424 §6.2.1.
const SEVERITY: Readonly<Record<string, number>> = { failed: 3, held: 4, reported: 5 };
const INFORMATIONAL = 6;

export function toSyslog({ host, port, tls }: SyslogAddress, format: Format): Destination {
  const machine =
    hostname()
      .replace(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-';
  const message = (line: SealedRecord): Buffer => {
    const priority = LOG_AUDIT * 8 + (SEVERITY[line.result] ?? INFORMATIONAL);
    const header = `<${priority}>1 ${new Date(line.at).toISOString()} ${machine} coder-scim ${process.pid} ${line.action.slice(0, 32)} -`;
    const text = Buffer.from(`${header} ${format(line)}`, 'utf8');
    return Buffer.concat([Buffer.from(`${text.length} `), text]);
  };
  // A URL has an IPv6 address in brackets, and only a name can be asked for by TLS (RFC 6066 §3).
  const address = { host: host.replace(/^\[(.*)\]$/, '$1'), port };
  const server = isIP(address.host) === 0 ? { servername: host } : {};
  return {
    name: nameOf({ kind: 'syslog', host, port, tls }),
    begins: 'oldest',
    deliver: lines =>
      new Promise((resolve, reject) => {
        const socket: Socket = tls ? connectTls({ ...address, ...server }) : connectTcp(address);
        const fail = (error: Error) => {
          socket.destroy();
          reject(error);
        };
        socket.setTimeout(DELIVERY_MS, () => fail(new Error(`${host}:${port} did not end the connection in time`)));
        socket.once('error', fail);
        socket.once('close', failed => (failed ? undefined : resolve(lines.length)));
        socket.resume();
        socket.once(tls ? 'secureConnect' : 'connect', () => socket.end(Buffer.concat(lines.map(message))));
      }),
  };
}
