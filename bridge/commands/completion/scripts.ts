/** Scripts that complete the command line, one for each shell. They ask nobody: what can follow what is written into them. Pure. */
import { type Command } from 'commander';
import { type CompletedOption, type Place, placesOf, type Value } from './tree';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(program: Command, shell: Shell): string {
  return { bash, zsh, fish }[shell](placesOf(program));
}

const quoted = (text: string): string => `'${text}'`;
const entries = ({ words, options }: Place) => [...words, ...options];
/** Alternatives of a `case` that say which words lead on. */
const steps = (places: readonly Place[]): string =>
  places.flatMap(({ at }) => (at === '' ? [] : [quoted(at)])).join('|');

/** Places with the options that want a value of a kind: `' apply --url'`. */
function valued(places: readonly Place[], kind: (value: Value) => boolean): string[] {
  return places.flatMap(({ at, options }) =>
    options.flatMap(({ name, value }) => (value !== undefined && kind(value) ? [quoted(`${at} ${name}`)] : [])),
  );
}

const areFiles = (value: Value): boolean => value === 'files';
const areOpen = (value: Value): boolean => value !== 'files' && value.length === 0;

function choices(places: readonly Place[]): { at: string; values: readonly string[] }[] {
  return places.flatMap(({ at, options }) =>
    options.flatMap(({ name, value }: CompletedOption) =>
      value === undefined || value === 'files' || value.length === 0 ? [] : [{ at: `${at} ${name}`, values: value }],
    ),
  );
}

function bash(places: readonly Place[]): string {
  // Split at line ends alone: names of files may have spaces.
  const list = (names: readonly string[]): string => `$${quoted(names.join('\\n'))}`;
  const words = (place: Place): string => {
    const names = [...entries(place).map(({ name }) => name), ...(place.argument === 'files' ? [] : place.argument)];
    const files = place.argument === 'files' ? `\n      COMPREPLY+=($(compgen -f -- "$current"))` : '';
    return `    ${quoted(place.at)})\n      COMPREPLY=($(compgen -W ${list(names)} -- "$current"))${files} ;;`;
  };
  return `# coder-scim: completion for bash. source <(coder-scim completion bash)
_coder_scim() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} at='' word IFS=$'\\n'
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${steps(places)}) at="$at $word" ;;
    esac
  done
  case "$at $previous" in
    ${valued(places, areFiles).join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${choices(places)
  .map(({ at, values }) => `    ${quoted(at)}) COMPREPLY=($(compgen -W ${list(values)} -- "$current")); return ;;\n`)
  .join('')}    ${valued(places, areOpen).join('|')}) return ;;
  esac
  case "$at" in
${places.map(words).join('\n')}
  esac
}
complete -o filenames -F _coder_scim coder-scim
`;
}

function zsh(places: readonly Place[]): string {
  const described = (place: Place): string => {
    const list = entries(place).map(({ name, summary }) => quoted(`${name}:${summary}`));
    const values = place.argument === 'files' ? [] : place.argument.map(quoted);
    const files = place.argument === 'files' ? '; _files' : '';
    return `    ${quoted(place.at)})\n      entries=(${[...list, ...values].join(' ')}); _describe -V 'coder-scim' entries${files} ;;`;
  };
  return `#compdef coder-scim
# coder-scim: completion for zsh. source <(coder-scim completion zsh), after compinit
_coder_scim() {
  local at='' word
  local -a entries
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      (${steps(places)}) at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
    (${valued(places, areFiles).join('|')}) _files; return ;;
${choices(places)
  .map(({ at, values }) => `    (${quoted(at)}) compadd ${values.join(' ')}; return ;;\n`)
  .join('')}    (${valued(places, areOpen).join('|')}) return ;;
  esac
  case "$at" in
${places.map(place => described(place).replace(/^ {4}/, '    (')).join('\n')}
  esac
}
if [ "$funcstack[1]" = '_coder_scim' ]; then _coder_scim "$@"; else compdef _coder_scim coder-scim; fi
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ at, words, options, argument }) => {
    const here = `complete -c coder-scim -n "__coder_scim_at '${at}'"`;
    const value = (of: Value): string => (of === 'files' ? ' -rF' : of.length === 0 ? ' -x' : ` -xa '${of.join(' ')}'`);
    return [
      ...words.map(({ name, summary }) => `${here} -a ${name} -d ${quoted(summary)}`),
      ...options.map(
        option =>
          `${here} -l ${option.name.slice(2)}${option.value === undefined ? '' : value(option.value)} -d ${quoted(option.summary)}`,
      ),
      ...(argument === 'files' ? [`${here} -F`] : argument.length === 0 ? [] : [`${here} -a '${argument.join(' ')}'`]),
    ];
  });
  return `# coder-scim: completion for fish. coder-scim completion fish | source
function __coder_scim_at
  set -l at ''
  set -l words (commandline -opc)
  for word in $words[2..-1]
    switch "$at $word"
      case ${places.flatMap(({ at }) => (at === '' ? [] : [quoted(at)])).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c coder-scim -f
${lines.join('\n')}
`;
}
