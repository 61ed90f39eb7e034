/** `coder-scim completion` and `coder-scim help`: what can be typed, for a shell and for a person. */
import { Argument, type Command } from 'commander';
import { type Commands } from '../command';
import { CommandError } from '../terminal/failure';
import { completionScript, type Shell, SHELLS } from './scripts';

export function addCompletion(commands: Commands): void {
  commands.add<object, [Shell]>({
    usage: 'completion',
    summary: 'print a script that completes commands in your shell',
    description:
      'Print a script that completes commands and options in your shell. It has all of them in it, and asks nobody',
    examples: [
      ['source <(coder-scim completion bash)', 'in ~/.bashrc; the same with zsh in ~/.zshrc, after compinit'],
      ['coder-scim completion fish > ~/.config/fish/completions/coder-scim.fish', 'for fish, once'],
    ],
    options: command => command.addArgument(new Argument('<shell>', 'the shell that you use').choices([...SHELLS])),
    run: ({ terminal }, _options, shell) => terminal.write(completionScript(commands.program, shell)),
  });
}

export function addHelp(commands: Commands): void {
  commands.add<object, [string[]]>({
    usage: 'help [command...]',
    summary: 'print help for a command',
    description: 'Print help for a command, or the list of commands',
    examples: [
      ['coder-scim help plan', 'what `plan` takes and answers'],
      ['coder-scim help token create', 'the same for a command of two words'],
    ],
    run: (_context, _options, words) => find(commands.program, words).outputHelp(),
  });
}

/** @throws CommandError when there is no such command */
function find(program: Command, words: readonly string[]): Command {
  return words.reduce((command, word) => {
    const inner = command.commands.find(one => one.name() === word);
    if (inner !== undefined) return inner;
    const known = command.commands.map(one => one.name()).join(', ');
    throw new CommandError(
      `there is no command ${JSON.stringify(words.join(' '))}: wanted one of ${known === '' ? `${command.name()} alone` : known}`,
    );
  }, program);
}
