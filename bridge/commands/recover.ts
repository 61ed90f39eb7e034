/** `coder-scim recover`: after a restored backup, shows what Coder has seen and the database does not know, and lets the bridge go on. */
import { type RecoveryReport } from '../contract/admin-api';
import { operatorName } from '../process/config';
import { type ClientContext, type ClientOptions, type Commands, printJson } from './command';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { plural } from './terminal/plural';
import { type Paint, printable } from './terminal/terminal';

interface RecoverOptions extends ClientOptions {
  readonly yes?: boolean;
  readonly by?: string;
  readonly reason?: string;
}

export function addRecover(commands: Commands): void {
  commands.addClient<RecoverOptions>({
    usage: 'recover',
    summary: 'show what a restored database does not know, and go on',
    description:
      'After a restored backup the bridge gives nothing and takes nothing: it answers and stores. Show what it had done in Coder since that backup, person by person; with --yes, let it go on with the database as it is now',
    examples: [
      ['coder-scim recover', 'look; exit code 1 while the bridge waits for the decision'],
      ['coder-scim plan', 'what it would do, by the directory as it is now'],
      ['coder-scim recover --yes', 'go on, once the identity provider has pushed everything again'],
    ],
    options: command =>
      command
        .option('--yes', 'end it: the bridge gives and takes again')
        .option('--by <name>', 'who decides, for the audit trail (default: the user name)')
        .option('--reason <text>', 'why, for the audit trail'),
    run: recover,
  });
}

async function recover({ client, terminal, paint }: ClientContext, options: RecoverOptions): Promise<ExitCode> {
  const report = await client.recovery(terminal.signal);
  const pending = report.reason !== null;
  const by = options.by ?? operatorName(terminal.environment);
  const ended =
    options.yes === true && pending && report.mayEnd
      ? (await client.endRecovery(by, terminal.signal, options.reason, report.since)).ended
      : false;
  if (options.json) printJson(terminal, { ...report, ended });
  else {
    terminal.write(renderRecovery(report, paint));
    if (ended)
      terminal.write(
        '\nended: the bridge gives and takes again; `coder-scim status --wait 60s` shows when Coder agrees\n',
      );
    else if (pending) terminal.write(`\n${report.mayEnd ? NEXT : NOTHING_YET}`);
  }
  return pending && !ended ? EXIT.no : EXIT.ok;
}

const NEXT = `Before you end it: deploy the stacks, end what no stack declares any more (coder-scim delete <app>), then let the identity
provider push everything again (it is answered, and stored), and look at \`coder-scim plan\`. Then: coder-scim recover --yes
`;

const NOTHING_YET = `Nobody can end this: Coder has not said yet what differs. The bridge asks again, and goes on by itself or shows it here
`;

/** The report as a person reads it. */
export function renderRecovery({ reason, since, people, other, apps }: RecoveryReport, paint: Paint): string {
  if (reason === null) return 'nothing to recover: the database is as new as what it did in Coder\n';
  const parts = [`${paint('bad', 'held')}  ${printable(reason)}\n`];
  if (since === null) return parts.join('');
  const again = people.filter(person => person.letInAgain).length;
  parts.push(
    `\n${plural(people.length, 'person', 'people')} changed in Coder since this database was current${again === 0 ? '' : `; ${paint('bad', `${again} of them would be let in again`)}`}:\n`,
  );
  for (const person of people) {
    const name = person.userName ?? person.coderUsername ?? person.coderUserId;
    const says =
      person.directory === 'unknown'
        ? 'not in the directory'
        : `${person.app ?? ''}, the directory says ${person.directory}`;
    parts.push(`  ${paint(person.letInAgain ? 'bad' : 'strong', printable(name))}  ${printable(says)}\n`);
    for (const change of person.changes) parts.push(`    ${printable(change)}\n`);
  }
  if (other.length > 0)
    parts.push(`\nGroups, roles and settings:\n${other.map(line => `  ${printable(line)}\n`).join('')}`);
  parts.push(
    `\nApps as this database has them, to compare with the stacks:\n${apps.map(sayApp).join('') || '  none\n'}`,
  );
  return parts.join('');
}

function sayApp({ app, generation, updatedAt }: RecoveryReport['apps'][number]): string {
  return `  ${printable(app)}  generation ${generation}, of ${updatedAt}\n`;
}
