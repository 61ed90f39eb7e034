import { html, type Html } from '../html';
import { textField } from '../parts/form';

/** The form of who shows an admin credential. @param to where to go then, below the page */
export function credentialForm(base: string, to: string, problem: string | undefined): Html {
  return html`${problem !== undefined && html`<p class="notice bad" role="alert">${problem}</p>`}
    <form method="post" action="${base}/sign-in" aria-label="sign in">
      <input type="hidden" name="to" value="${to}" />
      ${textField({
        id: 'credential',
        name: 'credential',
        label: 'Admin credential',
        hint: 'one with the scope read; with operate as well it decides',
        type: 'password',
        required: true,
        maxLength: 1_024,
      })}
      <p><button class="main">Sign in</button></p>
    </form>
    <p class="hint">
      <code>coder-scim admin-token create NAME --scope read --scope operate</code> makes one. With
      <code>CODER_SCIM_OIDC_ISSUER</code> people sign in by OpenID Connect instead.
    </p>`;
}

/** The way to the OpenID provider. */
export function oidcLink(base: string, issuer: string, to: string, problem: string | undefined): Html {
  return html`${problem !== undefined && html`<p class="notice bad" role="alert">${problem}</p>`}
    <p><a class="button main" href="${base}/sign-in/oidc?to=${encodeURIComponent(to)}">Sign in</a></p>
    <p class="hint">by ${new URL(issuer).host}</p>`;
}
