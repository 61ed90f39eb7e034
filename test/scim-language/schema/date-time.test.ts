import fc from 'fast-check';

import { canonicalDateTime } from '../../../bridge/scim-language/schema/date-time';

describe('dateTime (RFC 7643 §2.3.5)', () => {
  test.each([
    ['2011-05-13T04:42:34Z', '2011-05-13T04:42:34.000Z'],
    ['2011-05-13T04:42:34.1Z', '2011-05-13T04:42:34.100Z'],
    ['2015-10-10T14:38:21.8617979-07:00', '2015-10-10T21:38:21.861Z'],
    ['2011-05-13T04:42:34+05:30', '2011-05-12T23:12:34.000Z'],
    ['2011-05-13T04:42:34', '2011-05-13T04:42:34.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2012-02-29t00:00:00z', '2012-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2011-05-13T24:00:00Z', '2011-05-14T00:00:00.000Z'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalDateTime(text)).toBe(canonical);
  });

  test.each([
    '',
    '2011-05-13',
    '2011-02-29T00:00:00Z',
    '2011-13-01T00:00:00Z',
    '2011-00-01T00:00:00Z',
    '2011-05-13T25:00:00Z',
    '2011-05-13T24:00:01Z',
    '2011-05-13T04:60:00Z',
    '2011-05-13 04:42:34Z',
    '2011-05-13T04:42:34.Z',
    '2011-05-13T04:42:34+15:00',
    '11-05-13T04:42:34Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+14:00',
    ' 2011-05-13T04:42:34Z',
  ])('%j is none', text => {
    expect(canonicalDateTime(text)).toBeUndefined();
  });

  test('the order of canonical texts is the order in time, and canonical texts stay as they are', () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, date, (a, b) => {
        const [left, right] = [canonicalDateTime(a.toISOString()) ?? '', canonicalDateTime(b.toISOString()) ?? ''];
        expect(left).toBe(a.toISOString());
        expect(left < right).toBe(a.getTime() < b.getTime());
      }),
    );
  });
});
