import { parseInstant } from '../../bridge/contract/instant';

test.each([
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01 12:30', '2026-03-01T12:30:00.000Z'],
  ['2026-03-01 12:30:05', '2026-03-01T12:30:05.000Z'],
  ['2026-03-01T12:30:05.25z', '2026-03-01T12:30:05.250Z'],
  ['2026-03-01t12:30:05+02:00', '2026-03-01T10:30:05.000Z'],
  [' 2028-02-29 ', '2028-02-29T00:00:00.000Z'],
])('%s is a time', (text, at) => {
  expect(new Date(parseInstant(text) ?? NaN).toISOString()).toBe(at);
});

test.each(['', '5', '2026', '2026-03', '3 May', '03.05.2026', '05/03/2026', 'yesterday', '1767225600'])(
  '%s is none',
  text => expect(parseInstant(text)).toBeUndefined(),
);

test.each(['2026-02-30', '2026-13-01', '2026-03-01T25:00Z', '2026-03-01T12', '2026-03-01Z', '2026-03-01T12:00+1'])(
  '%s looks like one, and is none',
  text => expect(parseInstant(text)).toBeUndefined(),
);
