/** `coder-scim token create` and `coder-scim oauth-client create`: a secret for an identity provider, and its digest for the declaration. */
import { mintSecret } from '../scim/access/token';
import { type Commands, type Context, parseDuration, printJson } from './command';
import { CommandError } from './terminal/failure';

interface CreateOptions {
  readonly expiresIn: string;
  readonly json?: boolean;
}

const LONGEST_MS = 1_096 * 86_400_000;

export function addCredentials(commands: Commands): void {
  const token = commands.program
    .command('token')
    .description('Bearer credentials of SCIM apps')
    .summary('bearer credentials of SCIM apps');
  commands.add<CreateOptions>(
    {
      usage: 'create',
      summary: 'make a token',
      description:
        'Make a token: the secret for the identity provider, shown once; its digest for the declaration. Nothing is sent or kept',
      examples: [
        ['coder-scim token create', 'a token that is valid for a year'],
        ['coder-scim token create --expires-in 90d --json', 'for a script: token, digest and expiry as JSON'],
      ],
      options: command =>
        command
          .option('--expires-in <duration>', 'how long the declaration lets it be valid, at most three years', '365d')
          .option('--json', 'print the answer as JSON'),
      run: ({ terminal, paint }, options) => {
        const expiresAt = readExpiry(options);
        const { text, digest } = mintSecret('token');
        if (options.json) return printJson(terminal, { token: text, digest, expiresAt });
        print({ terminal, paint }, [['Secret', text]], {
          construct: 'ScimToken',
          name: `token-${expiresAt.slice(0, 4)}`,
          digest,
          expiresAt,
        });
      },
    },
    token,
  );
  const client = commands.program
    .command('oauth-client')
    .description('OAuth 2.0 clients of SCIM apps')
    .summary('OAuth 2.0 clients of SCIM apps');
  commands.add<CreateOptions, [string | undefined]>(
    {
      usage: 'create [client-id]',
      summary: 'make the secret of a client',
      description:
        'Make the secret of an OAuth 2.0 client, for an identity provider that gets access tokens by client credentials: client id and secret, shown once; the digest for the declaration, whose name is the client id. Nothing is sent or kept',
      examples: [
        ['coder-scim oauth-client create ping', 'a client that is valid for a year'],
        ['coder-scim oauth-client create ping --json', 'for a script: client id, secret, digest and expiry as JSON'],
      ],
      options: command =>
        command
          .option('--expires-in <duration>', 'how long the declaration lets it be valid, at most three years', '365d')
          .option('--json', 'print the answer as JSON'),
      run: ({ terminal, paint }, options, id) => {
        const expiresAt = readExpiry(options);
        const clientId = id ?? `client-${expiresAt.slice(0, 4)}`;
        if (!NAME.test(clientId))
          throw new CommandError(
            `client id ${JSON.stringify(clientId)}: wanted 1 to 128 letters, digits, dots, underscores or hyphens, a letter or digit at both ends`,
          );
        const { text, digest } = mintSecret('clientSecret');
        if (options.json) return printJson(terminal, { clientId, clientSecret: text, digest, expiresAt });
        const secrets: Shown = [
          ['Client id', clientId],
          ['Client secret', text],
        ];
        print({ terminal, paint }, secrets, { construct: 'ScimOAuthClient', name: clientId, digest, expiresAt });
      },
    },
    client,
  );
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/** @throws CommandError */
function readExpiry({ expiresIn }: CreateOptions): string {
  const lifetime = parseDuration(expiresIn, '--expires-in');
  if (lifetime <= 0 || lifetime > LONGEST_MS) {
    throw new CommandError(`--expires-in is ${JSON.stringify(expiresIn)}: wanted more than nothing and at most 1096d`);
  }
  return new Date(Math.ceil((Date.now() + lifetime) / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

type Shown = readonly (readonly [what: string, text: string])[];

interface Declared {
  readonly construct: string;
  readonly name: string;
  readonly digest: string;
  readonly expiresAt: string;
}

function print({ terminal, paint }: Context, secrets: Shown, { construct, name, digest, expiresAt }: Declared): void {
  terminal.write(
    [
      ...secrets.flatMap(([what, text], index) => [
        `${paint('strong', what)}${index === secrets.length - 1 ? ', shown this once' : ''}: goes into the identity provider`,
        `  ${paint('good', text)}`,
        '',
      ]),
      `${paint('strong', 'Declaration')}: goes into the stack, holds no secret`,
      `  new ${construct}(app, '${name}', {`,
      `    digest: '${digest}',`,
      `    expiresAt: '${expiresAt}',`,
      `  });`,
      '',
    ].join('\n'),
  );
}
