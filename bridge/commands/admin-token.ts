/** `coder-scim admin-token`: named credentials of the admin API. The secret is made here and shown once; the bridge is told its digest. */
import { ADMIN_SCOPES, AdminScope, CredentialName, type CredentialSummary } from '../contract/admin-api';
import { ADMIN_TOKEN_PREFIX, mintToken } from '../scim/access/token';
import { openClient, type ClientOptions, type Commands, parseDuration, printJson } from './command';
import { CommandError } from './terminal/failure';
import { type Cell, renderTable } from './terminal/table';
import { type Paint, type Style, type Terminal } from './terminal/terminal';

interface CreateOptions extends ClientOptions {
  readonly scope: readonly string[];
  readonly expiresIn: string;
  readonly declare?: boolean;
}

interface RotateOptions extends ClientOptions {
  readonly expiresIn: string;
  readonly overlap: string;
}

const LONGEST_MS = 1_096 * 86_400_000;
const LONGEST_OVERLAP_MS = 30 * 86_400_000;

export function addAdminToken(commands: Commands): void {
  const parent = commands.program
    .command('admin-token')
    .description('Named credentials of the admin API and the page: who may do what at the bridge')
    .summary('credentials of the admin API and the page');
  addCreate(commands, parent);
  commands.addClient<ClientOptions>(
    {
      usage: 'list',
      summary: 'list them, without secrets',
      description:
        'List the admin credentials: scopes, expiry, last use, and whether configuration or a command made them',
      examples: [['coder-scim admin-token list', 'who may do what at the bridge']],
      run: async ({ client, terminal, paint }, options) => {
        const { credentials } = await client.credentials(terminal.signal);
        if (options.json) printJson(terminal, { credentials });
        else terminal.write(renderCredentials(credentials, paint, terminal.columns));
      },
    },
    parent,
  );
  commands.addClient<RotateOptions, [string]>(
    {
      usage: 'rotate <name>',
      summary: 'replace the secret of one',
      description:
        'Make a new secret for a credential, with the same scopes; the one of before is taken for the overlap, and then no more',
      examples: [['coder-scim admin-token rotate ci --overlap 2h', 'time to put the new secret where the old one is']],
      options: command =>
        command
          .option('--expires-in <duration>', 'how long the new one is valid, at most three years', '365d')
          .option('--overlap <duration>', 'how long the one of before is still taken, at most 30d', '1h'),
      run: async ({ client, terminal, paint }, options, name) => {
        const { credentials } = await client.credentials(terminal.signal);
        const before = credentials.filter(credential => credential.name === name).at(-1);
        if (before === undefined)
          throw new CommandError(
            `no admin credential ${JSON.stringify(name)}: \`coder-scim admin-token list\` shows them`,
          );
        const overlapMs = parseDuration(options.overlap, '--overlap');
        if (overlapMs > LONGEST_OVERLAP_MS)
          throw new CommandError(`--overlap is ${JSON.stringify(options.overlap)}: wanted at most 30d`);
        const made = mint(name, before.scopes, options.expiresIn);
        await client.createCredential({ ...made.declaration, overlapMs }, terminal.signal);
        show(terminal, paint, options.json, made);
      },
    },
    parent,
  );
  commands.addClient<ClientOptions, [string]>(
    {
      usage: 'revoke <name>',
      summary: 'end one at once',
      description: 'End a credential at once, with the sessions of the page that hang on it',
      examples: [['coder-scim admin-token revoke ci', 'its secret opens nothing any more']],
      run: async ({ client, terminal }, options, name) => {
        await client.revokeCredential(name, terminal.signal);
        if (options.json) printJson(terminal, { revoked: name });
        else terminal.write(`revoked ${name}\n`);
      },
    },
    parent,
  );
}

function addCreate(commands: Commands, parent: Commands['program']): void {
  const collect = (scope: string, before: readonly string[]) => [...before, ...scope.split(',')];
  commands.add<CreateOptions, [string]>(
    {
      usage: 'create <name>',
      summary: 'make one',
      description:
        'Make a credential: the secret is shown once and never sent; the bridge keeps its digest under the name, which the audit trail shows',
      examples: [
        ['coder-scim admin-token create terraform --scope declare', 'for Terraform, valid for a year'],
        ['coder-scim admin-token create alice --scope read --scope operate --expires-in 90d', 'for an operator'],
        [
          'coder-scim admin-token create prometheus --scope metrics --declare',
          'for CODER_SCIM_ADMIN_CREDENTIALS: nothing is sent',
        ],
      ],
      options: command =>
        command
          .option('--scope <scope>', `what it may do, as often as needed: ${ADMIN_SCOPES.join(', ')}`, collect, [])
          .option('--expires-in <duration>', 'how long it is valid, at most three years', '365d')
          .option('--declare', 'send nothing, print the entry for the configuration of the bridge')
          .option('--url <url>', 'the bridge (default: $CODER_SCIM_URL, or http://127.0.0.1:8399)')
          .option(
            '--admin-token-file <path>',
            'file with the admin token (default: $CODER_SCIM_ADMIN_TOKEN, or …_FILE)',
          )
          .option('--json', 'print the answer as JSON'),
      run: async ({ terminal, paint }, options, name) => {
        const made = mint(name, options.scope, options.expiresIn);
        if (options.declare !== true)
          await openClient(terminal, options).createCredential(made.declaration, terminal.signal);
        show(terminal, paint, options.json, made, options.declare);
      },
    },
    parent,
  );
}

interface Made {
  readonly token: string;
  readonly declaration: { name: string; digest: string; scopes: AdminScope[]; expiresAt: string };
}

/** @throws CommandError */
function mint(name: string, scopes: readonly string[], expiresIn: string): Made {
  const named = CredentialName.safeParse(name);
  if (!named.success) throw new CommandError(named.error.issues[0]?.message ?? 'wrong name');
  const lifetime = parseDuration(expiresIn, '--expires-in');
  if (lifetime <= 0 || lifetime > LONGEST_MS)
    throw new CommandError(`--expires-in is ${JSON.stringify(expiresIn)}: wanted more than nothing and at most 1096d`);
  const wanted = scopes.map(scope => AdminScope.safeParse(scope).data);
  const unknown = scopes.filter((_, index) => wanted[index] === undefined);
  if (unknown.length > 0 || scopes.length === 0)
    throw new CommandError(
      `${unknown.length === 0 ? 'no --scope is given' : `--scope is ${JSON.stringify(unknown[0])}`}: wanted one or more of ${ADMIN_SCOPES.join(', ')}`,
    );
  const expiresAt = new Date(Math.ceil((Date.now() + lifetime) / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
  const { token, digest } = mintToken(ADMIN_TOKEN_PREFIX);
  const distinct = [...new Set(wanted.filter(scope => scope !== undefined))];
  return { token, declaration: { name, digest, scopes: distinct, expiresAt } };
}

function show(
  terminal: Terminal,
  paint: Paint,
  json: boolean | undefined,
  { token, declaration }: Made,
  declare = false,
): void {
  if (json) {
    printJson(terminal, { token, ...declaration });
    return;
  }
  const { name, scopes, expiresAt } = declaration;
  terminal.write(
    [
      `${paint('strong', 'Secret')} of ${name}, shown this once`,
      `  ${paint('good', token)}`,
      '',
      declare
        ? `${paint('strong', 'Declaration')}: an entry of CODER_SCIM_ADMIN_CREDENTIALS, holds no secret\n  ${JSON.stringify(declaration)}`
        : `It may ${scopes.join(', ')} until ${expiresAt}.`,
      '',
    ].join('\n'),
  );
}

const STATES: Readonly<Record<CredentialSummary['state'], Style>> = {
  active: 'good',
  expiring: 'warn',
  expired: 'bad',
};

/** Credentials as a table. */
export function renderCredentials(
  credentials: readonly CredentialSummary[],
  paint: Paint,
  columns: number | undefined,
): string {
  return renderTable(
    ['NAME', 'SCOPES', 'STATE', 'EXPIRES', 'LAST USED', 'FROM'],
    credentials.map((credential): Cell[] => [
      credential.name,
      credential.scopes.join(', '),
      { text: credential.state, style: STATES[credential.state] },
      credential.expiresAt?.slice(0, 10) ?? 'never',
      credential.lastUsedAt?.slice(0, 16).replace('T', ' ') ?? '',
      credential.createdBy === null ? credential.from : `${credential.from}, by ${credential.createdBy}`,
    ]),
    { paint, columns, indent: '' },
  );
}
