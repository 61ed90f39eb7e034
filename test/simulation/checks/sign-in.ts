/** lets-in, tried: everybody who is in and not held signs in, and lands on the account that the person's roles are on. */
import { landingOf } from '../model/accounts';
import { type Scene, type Violation } from './scene';

/** Changes Coder, as a sign-in does: the last check of all. */
export function checkSignIn(scene: Scene): Violation[] {
  const { directory, world } = scene;
  const violations: Violation[] = [];
  for (const person of directory.people.values()) {
    if (!directory.isIn(person) || scene.heldReason(person) !== undefined) continue;
    if (directory.bearers(person.email).length > 1) continue;
    const expected = landingOf(scene.accounts, person);
    if (expected === undefined || expected.status === 'suspended') continue;
    const signIn = world.coder.double.oidcLogin({
      sub: person.subject,
      email: person.email,
      email_verified: true,
      name: person.key,
    });
    if (!signIn.signedIn)
      violations.push({
        promise: 'lets-in',
        text: `${person.key} (${person.email}) can't sign in: ${signIn.status} ${(signIn.text ?? '').trim().slice(0, 160)}; nothing is held`,
      });
    else if (signIn.userId !== expected.id)
      violations.push({
        promise: 'lets-in',
        text: `${person.key} lands on another account than the one with the roles`,
      });
  }
  return violations;
}
