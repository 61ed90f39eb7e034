/**
 * What the page does beyond reading: copies, follows the audit trail live, looks again at the steps of a set-up. Everything can be read
 * and decided without it. It makes elements and texts, never HTML from a text.
 */
export const SCRIPT = `'use strict';
(() => {
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // Copying: the buttons show where the browser can.
  if (navigator.clipboard !== undefined) {
    for (const button of document.querySelectorAll('button[data-copy]')) {
      button.hidden = false;
      button.addEventListener('click', () => {
        navigator.clipboard.writeText(button.dataset.copy).then(
          () => { button.textContent = 'copied'; },
          () => { button.textContent = 'not allowed'; },
        ).finally(() => setTimeout(() => { button.textContent = 'copy'; }, 2000));
      });
    }
  }

  // The audit trail, as it happens.
  const follow = document.querySelector('[data-live]');
  if (follow !== null && 'EventSource' in window) {
    const body = document.querySelector('[data-entries] tbody');
    const heads = [...document.querySelectorAll('[data-entries] th')].map(head => head.textContent.trim());
    const state = document.querySelector('[data-live-state]');
    let source;
    const stop = () => {
      source?.close();
      source = undefined;
      follow.textContent = 'Follow live';
      follow.setAttribute('aria-pressed', 'false');
      state.textContent = '';
    };
    const cell = content => {
      if (content.href !== undefined) return make('a', { href: content.href }, content.text);
      if (content.tone !== undefined) return make('span', { className: 'badge ' + content.tone }, content.text);
      if (content.at !== undefined) return make('time', { dateTime: content.at }, content.text);
      return document.createTextNode(content.text);
    };
    follow.hidden = false;
    follow.addEventListener('click', () => {
      if (source !== undefined) return stop();
      source = new EventSource(follow.dataset.live);
      follow.textContent = 'Stop';
      follow.setAttribute('aria-pressed', 'true');
      source.addEventListener('open', () => { state.textContent = 'following'; });
      source.addEventListener('error', () => { state.textContent = source?.readyState === 2 ? 'ended: load the page again' : 'connecting again'; });
      source.addEventListener('entry', event => {
        const row = make('tr', { className: 'new' });
        for (const [index, one] of JSON.parse(event.data).entries()) {
          const place = row.appendChild(make('td', {}));
          place.dataset.head = heads[index];
          if (one.text !== '') place.append(cell(one));
        }
        body.prepend(row);
        while (body.rows.length > 500) body.lastElementChild.remove();
      });
    });
  }

  // The steps of a set-up, looked at again while something is missing.
  const steps = document.querySelector('[data-steps]');
  if (steps !== null) {
    const look = async () => {
      const answer = await fetch(steps.dataset.steps, { headers: { accept: 'application/json' } });
      if (!answer.ok) return;
      const report = await answer.json();
      for (const step of report.steps) {
        const item = steps.querySelector('[data-step="' + step.name + '"]');
        if (item === null) continue;
        // What is as it was stays untouched: a screen reader reads each change.
        const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
        const badge = item.querySelector('.badge');
        badge.classList.toggle('good', step.done);
        badge.classList.toggle('warn', !step.done);
        say(badge, step.done ? 'done' : 'waiting');
        say(item.querySelector('.detail'), step.detail);
      }
      return report.steps.every(step => step.done);
    };
    const again = () => setTimeout(() => look().catch(() => false).then(done => { if (!done) again(); }), 3000);
    again();
  }
})();
`;
