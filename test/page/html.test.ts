import { html } from '../../bridge/page/html';

it('what is put into a template is text, in content and in attributes', () => {
  const name = `<b title="x">Tom & 'Jerry'</b>`;
  expect(html`<p title="${name}">${name}</p>`.text).toBe(
    '<p title="&lt;b title=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt;">&lt;b title=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt;</p>',
  );
});

it('HTML in a template stays HTML, lists are joined, what is missing is nothing', () => {
  expect(
    html`<ul>
      ${[1, 2].map(n => html`<li>${n}</li>`)}${undefined}${null}${false}${[['a'], '<']}
    </ul>`.text.replace(/\n */g, ''),
  ).toBe('<ul><li>1</li><li>2</li>a&lt;</ul>');
});

it('an object that looks like HTML is none', () => {
  const lookalike = JSON.parse('{"text": "<script>"}') as never;
  expect(() => html`<p>${lookalike}</p>`.text).toThrow();
});

it('marks that turn the direction of text, and control characters, are seen', () => {
  expect(html`${'user\u202egnp.exe\u0007\u061c'}`.text).toBe('user\ufffdgnp.exe\ufffd\ufffd');
});
