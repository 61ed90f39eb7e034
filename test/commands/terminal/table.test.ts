import { renderPairs, renderTable, textWidth } from '../../../bridge/commands/terminal/table';
import { painter, printable, type Terminal } from '../../../bridge/commands/terminal/terminal';

const plain = (_style: string, text: string) => text;

describe('tables', () => {
  it('are columns as wide as their texts, without spaces at the end', () => {
    const rows = [
      ['alice', 'owner'],
      ['bartholomew', ''],
      [{ text: 'c', style: 'bad' as const }, 'x'],
    ];
    expect(renderTable(['WHO', 'ROLE'], rows, { paint: plain })).toBe(
      ['  WHO          ROLE', '  alice        owner', '  bartholomew', '  c            x', ''].join('\n'),
    );
  });

  it('are nothing without rows', () => {
    expect(renderTable(['WHO'], [], { paint: plain })).toBe('');
  });

  it('are cut to the terminal, the widest column first, and never wrap', () => {
    const text = renderTable(['A', 'B'], [['short', 'a very long text that does not fit at all']], {
      paint: plain,
      columns: 30,
    });
    const lines = text.trimEnd().split('\n');
    expect(lines.every(line => line.length <= 30)).toBe(true);
    expect(lines[1]).toBe('  short  a very long text tha…');
  });

  it('line up with wide characters', () => {
    const lines = renderTable(
      ['WHO', 'X'],
      [
        ['日本', '1'],
        ['abcd', '2'],
      ],
      { paint: plain },
    ).split('\n');
    expect(lines).toEqual(['  WHO   X', '  日本  1', '  abcd  2', '']);
    expect([textWidth('日本'), textWidth('é'), textWidth('e\u0301'), textWidth('👍')]).toEqual([4, 1, 1, 2]);
  });

  it('write out what could rewrite the terminal', () => {
    const text = renderTable(['WHO'], [['evil\u001b[2J\u202e\r']], { paint: plain });
    expect(text).toBe('  WHO\n  evil\\u001b[2J\\u202e\\u000d\n');
    expect(printable('a\u0000b')).toBe('a\\u0000b');
  });

  it('colour cells without moving columns', () => {
    const terminal = { interactive: true, environment: {} } as Terminal;
    const text = renderTable(['A', 'B'], [[{ text: 'ok', style: 'good' }, 'x']], { paint: painter(terminal) });
    // eslint-disable-next-line no-control-regex
    expect(text).toMatch(/\u001b\[32mok\u001b\[39m {2}x/);
  });
});

describe('pairs', () => {
  it('have their names in a column', () => {
    expect(
      renderPairs(
        [
          ['a', '1'],
          ['long', '2'],
        ],
        { paint: plain },
      ),
    ).toBe('  a     1\n  long  2\n');
  });
});
