/** Forms that decide something: each carries the proof that it is ours. */
import { type Content, html, type Html } from '../html';
import { type View } from '../view';

/** A form that is sent by POST, to a path below the page. */
export function postForm(view: View, path: string, content: Content, label: string): Html {
  return html`<form method="post" action="${view.base}${path}" aria-label="${label}">
    <input type="hidden" name="csrf" value="${view.csrf}" />
    ${content}
  </form>`;
}

export interface TextField {
  readonly id: string;
  readonly name: string;
  readonly label: Content;
  readonly hint?: string;
  readonly value?: string;
  readonly required?: boolean;
  readonly type?: 'text' | 'search' | 'password';
  readonly maxLength?: number;
  /** Takes the room that is left in its row. */
  readonly wide?: boolean;
}

export function textField(field: TextField): Html {
  const { id, name, label, hint, value = '', required = false, type = 'text', maxLength = 1_000, wide = false } = field;
  return html`<p class="field ${wide && 'wide'}">
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="${type}"
      value="${value}"
      maxlength="${maxLength}"
      autocomplete="off"
      ${required && html`required`}
      ${hint !== undefined && html`aria-describedby="${id}-hint"`}
    />
    ${hint !== undefined && html`<span class="hint" id="${id}-hint">${hint}</span>`}
  </p>`;
}

export function selectField(
  id: string,
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
): Html {
  return html`<p class="field">
    <label for="${id}">${label}</label>
    <select id="${id}" name="${name}">
      ${options.map(
        ([value, text]) => html`<option value="${value}" ${value === chosen && html`selected`}>${text}</option>`,
      )}
    </select>
  </p>`;
}

/** Why something is decided: kept in the audit trail. */
export function reasonField(id: string): Html {
  return textField({
    id,
    name: 'reason',
    label: 'Reason, kept in the audit trail under your name',
    required: true,
    maxLength: 1_000,
    wide: true,
  });
}
