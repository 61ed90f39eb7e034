/** What can follow what on the command line, read from the program itself. Pure. */
import { type Command, type Option } from 'commander';

/** One place on the command line: after `coder-scim`, or after the words of a command. */
export interface Place {
  /** `' audit verify'`: each word with a space before it; empty after `coder-scim`. */
  readonly at: string;
  readonly words: readonly Word[];
  readonly options: readonly CompletedOption[];
  /** A file is wanted, or one of these values. */
  readonly argument: Value;
}

export interface Word {
  readonly name: string;
  readonly summary: string;
}

export interface CompletedOption extends Word {
  /** What follows it; undefined for a switch. */
  readonly value: Value | undefined;
}

/** `files`, the values to choose from, or nothing that a shell could know. */
export type Value = 'files' | readonly string[];

const FILES = /file|path|folder|directory/;

/** Every place of the program, from the outside in. */
export function placesOf(program: Command): Place[] {
  const place = (command: Command, at: string): Place[] => {
    const words = command.commands.map(inner => ({ name: inner.name(), summary: plain(inner.summary()) }));
    const [argument] = command.registeredArguments;
    return [
      {
        at,
        words,
        options: [...command.options, helpOf(command)].flatMap(completed),
        argument: argument === undefined ? [] : (argument.argChoices ?? valueNamed(argument.name(), program)),
      },
      ...command.commands.flatMap(inner => place(inner, `${at} ${inner.name()}`)),
    ];
  };
  return place(program, '');
}

function helpOf(command: Command): Pick<Option, 'long' | 'description'> {
  return { long: '--help', description: command.parent === null ? 'print help' : 'print help for the command' };
}

function completed(option: Partial<Option>): CompletedOption[] {
  const { long, description = '', required, optional, argChoices, flags = '' } = option;
  if (long === undefined || long === null) return [];
  const value = required === true || optional === true ? (argChoices ?? valueNamed(flags)) : undefined;
  return [{ name: long, summary: plain(description), value }];
}

function valueNamed(name: string, program?: Command): Value {
  if (name === 'command') return program?.commands.map(command => command.name()) ?? [];
  return FILES.test(name.replace(/^.*--\S+/, '')) ? 'files' : [];
}

/** As much of a text as every shell takes between single quotes. */
function plain(text: string): string {
  return text
    .replace(/['\\:`]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
