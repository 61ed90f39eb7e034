/** The life of a plugin's process: from Terraform's start of it to Terraform's "shut down", or Terraform's own end. */
import { HandshakeError, handshakeLine, readInvitation } from './handshake';
import { type Provider } from './define/provider';
import { startServer } from './server';

/** How often to see whether the process that started us is still there. */
const ORPHAN_CHECK_MS = 2_000;

/**
 * Serves a provider until Terraform is done with it, then ends the process. Started by hand it explains itself and ends
 * with code 1; with `--version` it prints name and version.
 */
export async function serve(provider: Provider): Promise<void> {
  const description = `${provider.name} ${provider.version}: ${provider.schema.description}`;
  if (process.argv.includes('--version')) {
    process.stdout.write(`${description}\n`);
    return;
  }
  const sayHandshake = reserveStdout();
  try {
    const invitation = readInvitation(process.env, description);
    const running = await startServer(provider, invitation, { onShutdown: () => void end() });
    const end = async (): Promise<void> => {
      await running.stop();
      process.exit(0);
    };
    // Ctrl-C reaches the whole group of processes. What to stop, and when, Terraform says by StopProvider.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => void end());
    // Nobody reads the log of a plugin whose Terraform was killed; its last word must not end it before it has cleaned up.
    process.stderr.on('error', () => undefined);
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) void end();
    }, ORPHAN_CHECK_MS).unref();
    sayHandshake(`${handshakeLine(running.address, running.certificate)}\n`);
  } catch (fault) {
    process.stderr.write(`${fault instanceof HandshakeError ? fault.message : String(fault)}\n`);
    process.exitCode = 1;
  }
}

/**
 * Keeps stdout for the handshake: a word from anybody else before it and Terraform gives up. `console` goes to stderr, as
 * lines that Terraform's log understands.
 */
function reserveStdout(): (line: string) => void {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  for (const [method, level] of [
    ['debug', 'debug'],
    ['log', 'info'],
    ['info', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
  ] as const) {
    console[method] = (...parts: unknown[]) => {
      // A plain object at the end is fields of the line; go-plugin reads a time with six digits only.
      const last = parts.at(-1);
      const fields = parts.length > 1 && isFields(last) ? last : {};
      const words = fields === last ? parts.slice(0, -1) : parts;
      const message = words.map(part => (typeof part === 'string' ? part : JSON.stringify(part))).join(' ');
      const time = new Date().toISOString().replace('Z', '000Z');
      process.stderr.write(
        `${JSON.stringify({ '@level': level, '@message': message, '@timestamp': time, ...fields })}\n`,
      );
    };
  }
  return line => void write(line);
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
