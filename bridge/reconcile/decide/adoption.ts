/** Whether an existing account may become a person's. Pure: the same answer before a plan and at the moment of linking. */
import { type MappingState } from '../../contract/mapping-state';
import { type Person } from '../../store/accounts/people';
import { type Context, untouchable } from '../context/context';
import { Held } from './hold-reason';
import { type Account } from '../survey/world';

export interface AdoptionQuestion {
  readonly context: Context;
  readonly policy: MappingState['policies']['adoption'];
  readonly account: Account;
  /** People of the same app, other than this one, who are this account. */
  readonly others: readonly Person[];
  /** The bridge has said that it is about to create an account for this person. */
  readonly creating: boolean;
}

export interface Adoption {
  readonly how: 'created' | 'adopted';
  /** People who left this account behind: their rows have nothing to say any more. */
  readonly replaces: readonly string[];
}

/** How the account is taken over, or why it is not. */
export function judgeAdoption(question: AdoptionQuestion): Adoption | Held {
  const { context, policy, account, others } = question;
  const name = `account ${JSON.stringify(account.username)} with the e-mail ${JSON.stringify(account.email)}`;
  const reason = untouchable(context, account);
  if (reason !== undefined) return new Held(reason, `${name} is never touched (${reason})`);
  const holder = others.find(other => other.leftAt === undefined);
  if (holder !== undefined)
    return new Held(
      'account-taken',
      `${name} belongs to ${JSON.stringify(holder.userName)} of the same app: two people can not share an account`,
    );
  const replaces = others.map(other => other.userId);
  const [earlier] = others;
  if (earlier !== undefined) return { how: earlier.how ?? 'adopted', replaces };
  if (question.creating) return { how: 'created', replaces };
  if (policy === 'never')
    return new Held('adoption-refused', `${name} exists already, and the app's adoption policy is "never"`);
  if (policy === 'oidc' && account.loginType !== 'oidc')
    return new Held(
      'login-type',
      `${name} signs in by ${JSON.stringify(account.loginType)}, and the app's adoption policy takes over oidc accounts alone: convert or delete the account, or set the policy to "any"`,
    );
  return { how: 'adopted', replaces };
}
