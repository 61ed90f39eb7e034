/** The frame of every page: head, navigation, who is signed in, and what was just done. */
import { assetPath } from './assets/assets';
import { type Content, html, type Html } from './html';
import { type Page, type View } from './view';

const NAVIGATION = [
  ['', 'Overview', 'overview'],
  ['/people', 'People', 'people'],
  ['/groups', 'Groups', 'groups'],
  ['/decisions', 'Decisions', 'decisions'],
  ['/drift', 'Drift', 'drift'],
  ['/audit', 'Audit', 'audit'],
  ['/requests', 'Requests', 'requests'],
  ['/setup', 'Set up', 'setup'],
] as const;

function document(base: string, title: string, content: Content): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · coder-scim</title>
        <link rel="icon" href="${base}${assetPath('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${base}${assetPath('style.css')}" />
        <script src="${base}${assetPath('page.js')}" defer></script>
      </head>
      <body>
        ${content}
      </body>
    </html>`.text.trimStart();
}

/** @param waiting how much needs a decision: beside its entry in the navigation */
export function layout(view: View, { title, nav, body }: Page, waiting: number): string {
  const { base, caller, csrf, notice } = view;
  return document(
    base,
    title,
    html`<a class="skip" href="#main">skip to the content</a>
      <header>
        <a class="brand" href="${base}">coder-scim</a>
        <nav aria-label="pages">
          <ul>
            ${NAVIGATION.map(
              ([path, text, key]) =>
                html`<li>
                  <a href="${base}${path}" ${key === nav && html`aria-current="page"`}
                    >${text}${key === 'decisions' && waiting > 0 && html` <span class="count">${waiting}</span>`}</a
                  >
                </li>`,
            )}
          </ul>
        </nav>
        <form class="who" method="post" action="${base}/sign-out" aria-label="session">
          <input type="hidden" name="csrf" value="${csrf}" />
          <span>${caller.name}, ${caller.scopes.has('operate') ? 'operator' : 'viewer'}</span>
          <button class="quiet">Sign out</button>
        </form>
      </header>
      <main id="main" tabindex="-1">
        ${notice !== undefined && html`<p class="notice good" role="status">${notice}</p>`}
        <h1>${title}</h1>
        ${body}
      </main>`,
  );
}

/** A page of who is not signed in, or of what went wrong. */
export function bareLayout(base: string, title: string, body: Html): string {
  return document(
    base,
    title,
    html`<main id="main" class="bare">
      <p class="brand">coder-scim</p>
      <h1>${title}</h1>
      ${body}
    </main>`,
  );
}
