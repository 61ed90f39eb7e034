/** Whose an account is that nobody is linked to, by the times at which the directory stated its address. */
import { type AddressPeriod, periodOf, whoseByTime } from '../../../bridge/reconcile/decide/appeared';

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
      { address: 'dan@example.com', since: 100 },
      { address: 'dan.new@example.com', since: 200 },
    ];
    expect(periodOf('dan', addresses, 'DAN@example.com', undefined)).toEqual(period('dan', 100, 200));
    expect(periodOf('dan', addresses, 'dan.new@example.com', undefined)).toEqual(period('dan', 200));
    expect(periodOf('dan', addresses, 'dan.new@example.com', 300)).toEqual(period('dan', 200, 300));
    expect(periodOf('dan', addresses, 'other@example.com', undefined)).toBeUndefined();
  });
});
