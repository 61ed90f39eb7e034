/** `coder-scim audit verify`: whether the audit trail is what was written. */
import { type Command } from 'commander';
import { type ClientOptions, type Commands, printJson } from './command';
import { EXIT } from './terminal/exit-code';
import { plural } from './terminal/plural';

interface VerifyOptions extends ClientOptions {
  readonly anchor?: string;
}

export function addAuditVerify(commands: Commands, audit: Command): void {
  commands.addClient<VerifyOptions>(
    {
      usage: 'verify',
      summary: 'whether the audit trail is what was written',
      description:
        'Hash the whole audit trail again, and say whether a line was changed, taken out or put in since it was written. Exit code 1 when the chain is broken',
      examples: [
        ['coder-scim audit verify', 'the whole chain; prints its end, to be noted elsewhere'],
        [
          `coder-scim audit verify --anchor 1250:${'3f0c'.repeat(16)}`,
          'the same, and that line 1250 is still the one that was noted: nobody made the chain anew',
        ],
      ],
      options: command =>
        command.option('--anchor <line:hash>', 'an end of the chain as an earlier run or the SIEM has it'),
      run: async ({ client, terminal, paint }, options) => {
        const report = await client.auditChain(options.anchor, terminal.signal);
        const { whole, checked, unsealed, cut, head, broken } = report;
        if (options.json) printJson(terminal, report);
        else if (broken === null) {
          const removed = cut.seq === 0 ? '' : `; the ${plural(cut.seq, 'line')} before them were removed by age`;
          const fresh = unsealed === 0 ? '' : `; ${plural(unsealed, 'line')} too new to be sealed`;
          terminal.write(
            `${paint('good', '✓ whole')}  ${plural(checked, 'line')} checked${removed}${fresh}\n  the end, to be noted elsewhere: ${head.seq}:${head.hash}\n`,
          );
        } else
          terminal.write(
            `${paint('bad', '✗ broken')}  at line ${broken.seq}${broken.id === null ? '' : ` (id ${broken.id})`}: ${broken.problem}\n  ${plural(checked, 'line')} before it are what was written\n`,
          );
        return whole ? EXIT.ok : EXIT.no;
      },
    },
    audit,
  );
}
