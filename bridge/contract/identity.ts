/**
 * The one rule by which it is decided who somebody is, which group a mapping means and who is protected: NFC, the letters
 * A to Z without case, everything else exactly. A leaf. SCIM's filters and uniqueness fold more (RFC 7643 `caseExact`) and
 * never decide identity: U+212A, the Kelvin sign, is no k here.
 */

/** What NFC would turn into a plain ASCII character: the Kelvin sign, the Greek question mark, the Greek grave accent. */
const LOOKS_ASCII = /([\u212A\u037E\u1FEF])/;

/** As Coder compares addresses: the letters A to Z without case, everything else byte by byte. Idempotent. */
export function coderKey(text: string): string {
  return text.replace(/[A-Z]/g, letter => String.fromCharCode(letter.charCodeAt(0) + 32));
}

/** The ways to write this that are the same somebody, and not to Coder: nearly always the one. */
export function spellings(text: string): string[] {
  const forms = [text, text.normalize('NFC'), text.normalize('NFD')];
  return [...new Set(forms.map(coderKey))].filter(form => isSameIdentity(form, text));
}

/** The form in which identities compare; equal keys are the same somebody. Idempotent. */
export function identityKey(text: string): string {
  return coderKey(
    text
      .split(LOOKS_ASCII)
      .map(part => (LOOKS_ASCII.test(part) ? part : part.normalize('NFC')))
      .join(''),
  );
}

/** Whether two names or addresses are the same. */
export function isSameIdentity(left: string, right: string): boolean {
  return identityKey(left) === identityKey(right);
}
