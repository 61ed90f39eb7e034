/** Whose an account is that nobody is linked to, by the times at which the directory stated its address. */
import { type AddressPeriod, isTheirs, periodOf, whoseByTime } from '../../../bridge/reconcile/decide/appeared';

const account = (createdAt: number, seenAt = createdAt, more: { used?: boolean; loginType?: string } = {}) => ({
  used: true,
  loginType: 'oidc',
  createdAt,
  seenAt,
  ...more,
});
const period = (userId: string, since: number, until = Infinity): AddressPeriod => ({ userId, since, until });
const ONE_AFTER_THE_OTHER = [period('dan', 100, 200), period('ada', 250)];

describe('whose an account is by time', () => {
  it.each([
    [150, 'dan'],
    [199, 'dan'],
    [300, 'ada'],
    // Older than all that is known: whoever had the address first.
    [50, 'dan'],
    // Nobody had it.
    [220, undefined],
  ])('one made at %d is %s', (createdAt, whose) => {
    expect(whoseByTime(account(createdAt), ONE_AFTER_THE_OTHER, false)).toBe(whose);
    expect(whoseByTime(account(createdAt), [...ONE_AFTER_THE_OTHER].reverse(), false)).toBe(whose);
  });

  it.each([
    [150, 160, 'dan'],
    // The first sign-in may have been either’s.
    [150, 300, undefined],
    [300, 400, 'ada'],
  ])('one that the bridge was about to make at %d, last used at %d, is %s', (createdAt, seenAt, whose) => {
    expect(whoseByTime(account(createdAt, seenAt), ONE_AFTER_THE_OTHER, true)).toBe(whose);
  });

  it('one that nobody used, or that signs in otherwise, or whose age is not known, is nobody’s by time', () => {
    expect(whoseByTime(account(150, 150, { used: false }), ONE_AFTER_THE_OTHER, false)).toBeUndefined();
    expect(whoseByTime(account(150, 150, { loginType: 'password' }), ONE_AFTER_THE_OTHER, false)).toBeUndefined();
    expect(whoseByTime({ ...account(150), createdAt: undefined }, ONE_AFTER_THE_OTHER, false)).toBeUndefined();
  });

  it('an address is stated until the next one is, or until somebody is deleted', () => {
    const addresses = [
      { address: 'dan@example.com', since: 100, firstSince: 100 },
      { address: 'dan.new@example.com', since: 200, firstSince: 200 },
    ];
    expect(periodOf('dan', addresses, 'DAN@example.com', undefined)).toEqual(period('dan', 100, 200));
    expect(periodOf('dan', addresses, 'dan.new@example.com', undefined)).toEqual(period('dan', 200));
    expect(periodOf('dan', addresses, 'dan.new@example.com', 300)).toEqual(period('dan', 200, 300));
    expect(periodOf('dan', addresses, 'other@example.com', undefined)).toBeUndefined();
  });

  it('who has an address again had it all the time, but for whoever got it in between', () => {
    const again = periodOf(
      'dan',
      [
        { address: 'dan.new@example.com', since: 200, firstSince: 200 },
        { address: 'dan@example.com', since: 300, firstSince: 100 },
      ],
      'dan@example.com',
      undefined,
    );
    expect(again).toEqual(period('dan', 100));
    const both = [period('dan', 100), period('ada', 210, 290)];
    expect([150, 205, 250, 295, 400].map(at => whoseByTime(account(at), both, false))).toEqual([
      'dan',
      'dan',
      'ada',
      'dan',
      'dan',
    ]);
  });

  it.each([
    // [made, last used, begun]
    [150, 150, false, true],
    [150, 900_000, false, true],
    [250, 250, false, 'unclear'],
    [900_000, 900_000, false, false],
    [150, 160, true, true],
    [150, 250, true, 'unclear'],
  ] as const)(
    'one made at %d, last used at %d (begun: %s), with an address until 200: theirs %s',
    (made, used, begun, whose) => {
      const addresses = [
        { address: 'dan@example.com', since: 100, firstSince: 100 },
        { address: 'dan.new@example.com', since: 200, firstSince: 200 },
      ];
      expect(isTheirs(addresses, { ...account(made, used), email: 'dan@example.com' }, begun)).toBe(whose);
    },
  );
});
