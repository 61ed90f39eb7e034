/** `coder-scim token create`: a bearer credential for an identity provider, and the digest for the declaration. */
import { mintToken } from '../scim/access/token';
import { type Commands, parseDuration, printJson } from './command';
import { CommandError } from './terminal/failure';

interface TokenOptions {
  readonly expiresIn: string;
  readonly json?: boolean;
}

const LONGEST_MS = 1_096 * 86_400_000;

export function addToken(commands: Commands): void {
  const token = commands.program
    .command('token')
    .description('Bearer credentials of SCIM apps')
    .summary('bearer credentials of SCIM apps');
  commands.add<TokenOptions>(
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
        const lifetime = parseDuration(options.expiresIn, '--expires-in');
        if (lifetime <= 0 || lifetime > LONGEST_MS) {
          throw new CommandError(
            `--expires-in is ${JSON.stringify(options.expiresIn)}: wanted more than nothing and at most 1096d`,
          );
        }
        const expiresAt = new Date(Math.ceil((Date.now() + lifetime) / 1_000) * 1_000)
          .toISOString()
          .replace('.000Z', 'Z');
        const { token, digest } = mintToken();
        if (options.json) return printJson(terminal, { token, digest, expiresAt });
        terminal.write(
          [
            `${paint('strong', 'Secret')}, shown this once: goes into the identity provider`,
            `  ${paint('good', token)}`,
            '',
            `${paint('strong', 'Declaration')}: goes into the stack, holds no secret`,
            `  new ScimToken(app, 'token-${expiresAt.slice(0, 4)}', {`,
            `    digest: '${digest}',`,
            `    expiresAt: '${expiresAt}',`,
            `  });`,
            '',
          ].join('\n'),
        );
      },
    },
    token,
  );
}
