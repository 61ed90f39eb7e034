/** `coder-scim backup`, `restore`, `export`, `import`: the database of a bridge, on the machine and with the variables of that bridge. */
import type * as DatabaseCommands from '../process/database-commands';
import { operatorName, readDatabaseUrl } from '../process/config';
import { type Commands } from './command';
import { plural } from './terminal/plural';

// The databases are behind this: other commands do without.
function load(): typeof DatabaseCommands {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('../process/database-commands') as typeof DatabaseCommands;
}

export function addDatabase(commands: Commands): void {
  commands.add<object, [string]>({
    usage: 'backup <file>',
    summary: 'copy the SQLite database while the bridge runs',
    description:
      'Copy the SQLite database of the bridge to a new file, as it is at one moment, while the bridge goes on. For Postgres it says what to run',
    examples: [['coder-scim backup /backups/coder-scim-$(date +%F).db', 'with the variables that the bridge has']],
    run: ({ terminal }, _options, file) => {
      const { bytes, schema } = load().backup(readDatabaseUrl(terminal.environment), file);
      terminal.write(`${file}: ${bytes.toLocaleString('en')} bytes, schema version ${schema}, checked\n`);
    },
  });
  commands.add<{ readonly by?: string }, [string]>({
    usage: 'restore <file>',
    summary: 'put a backup in the place of the SQLite database',
    description:
      'Put a backup in the place of the SQLite database, which is kept beside it. Stop the bridge first. A bridge that starts on it gives nothing and takes nothing until `coder-scim recover --yes`, since Coder is newer than the backup. For Postgres it says what to run',
    examples: [
      ['coder-scim restore /backups/coder-scim-2026-03-01.db', 'then start the bridge, and look at coder-scim recover'],
    ],
    options: command => command.option('--by <name>', 'who restores, for the audit trail (default: the user name)'),
    run: async ({ terminal }, options, file) => {
      const url = readDatabaseUrl(terminal.environment);
      const { before, schema } = await load().restore(url, file, options.by ?? operatorName(terminal.environment));
      terminal.write(
        [
          `restored: a backup of schema version ${schema}\n`,
          before === undefined ? '' : `the database of before is ${before}\n`,
          'a bridge that starts now gives nothing and takes nothing until `coder-scim recover --yes`\n',
        ].join(''),
      );
    },
  });
  commands.add<object, [string]>({
    usage: 'export <file>',
    summary: 'write the whole database as JSON lines',
    description:
      'Write everything that the database has to a new file, as JSON lines that either kind of database can import. Stop the bridge first: what it did in Coder afterwards the export would not know',
    examples: [['coder-scim export coder-scim.jsonl', 'to move from SQLite to Postgres, or back']],
    run: async ({ terminal }, _options, file) => {
      const rows = await load().exportTo(readDatabaseUrl(terminal.environment), file);
      terminal.write(`${file}: ${plural(rows, 'row')}\n`);
    },
  });
  commands.add<object, [string]>({
    usage: 'import <file>',
    summary: 'fill an empty database with an export',
    description:
      'Fill a new, empty database with what `coder-scim export` wrote: all of it or nothing. The chain of the audit trail stays whole, tokens stay valid',
    examples: [
      [
        'CODER_SCIM_DATABASE_URL=postgres://… coder-scim import coder-scim.jsonl',
        'then start the bridges with that variable',
      ],
    ],
    run: async ({ terminal }, _options, file) => {
      const rows = await load().importFrom(readDatabaseUrl(terminal.environment), file);
      terminal.write(`imported: ${plural(rows, 'row')}\n`);
    },
  });
}
