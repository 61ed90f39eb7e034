/** Requests, refusals and changes of a day as a drawing, with the same figures as a table. */
import { type Activity } from '../../contract/admin-api';
import { html, type Html } from '../html';
import { number } from '../parts/parts';
import { table } from '../parts/table';

const WIDTH = 960;
const HEIGHT = 150;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 10;

export function plot({ steps, completeSince }: Activity): Html {
  const total = (of: (step: Activity['steps'][number]) => number) => steps.reduce((sum, step) => sum + of(step), 0);
  const sums = `${number(total(step => step.requests))} requests, ${number(total(step => step.refused))} refused, ${number(total(step => step.changes))} changes in Coder`;
  return html`<ul class="legend">
      <li class="requests">requests</li>
      <li class="refused">refused</li>
      <li class="changes">changes in Coder</li>
    </ul>
    ${draw(steps, sums)}
    <p class="hint">
      ${sums}; by the hour, UTC.
      ${
        completeSince !== null &&
        html`Requests before ${completeSince.slice(0, 16).replace('T', ' ')} are not all kept: the last 1,000 of each
        app are.`
      }
    </p>
    <details>
      <summary>The figures</summary>
      ${table(
        'Requests and changes by the hour',
        [
          { head: 'Hour (UTC)' },
          { head: 'Requests', numeric: true },
          { head: 'Refused', numeric: true },
          { head: 'Changes', numeric: true },
        ],
        steps.map(step => [
          step.at.slice(0, 16).replace('T', ' '),
          number(step.requests),
          number(step.refused),
          number(step.changes),
        ]),
      )}
    </details>`;
}

function draw(steps: Activity['steps'], label: string): Html {
  const top = ceiling(Math.max(1, ...steps.flatMap(step => [step.requests, step.changes])));
  const width = (WIDTH - LEFT) / Math.max(1, steps.length);
  const bar = (width - 8) / 2;
  const y = (value: number) => tenth(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top));
  const x = (index: number) => LEFT + index * width + 4;
  // Refused ones are a part of the requests: drawn over their foot.
  const draw = (kind: string, at: number, value: number) =>
    value > 0 &&
    html`<rect
      class="${kind}"
      x="${tenth(at)}"
      y="${y(value)}"
      width="${tenth(bar)}"
      height="${tenth(y(0) - y(value))}"
    />`;
  return html`<div class="plot-frame" tabindex="0" role="region" aria-label="plot of the last day">
    <svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
      ${[0, top / 2, top].map(
        value =>
          html`<line class="axis" x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}" />
            <text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${number(value)}</text>`,
      )}
      ${steps.map((step, index) => [
        draw('requests', x(index), step.requests),
        draw('refused', x(index), step.refused),
        draw('changes', x(index) + bar, step.changes),
      ])}
      ${steps.map(
        (step, index) =>
          index % 3 === 0 &&
          html`<text x="${Math.round(x(index) + bar)}" y="${HEIGHT - 6}" text-anchor="middle"
            >${step.at.slice(11, 16)}</text
          >`,
      )}
    </svg>
  </div>`;
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** The next even figure of the form 2, 4, 10, 20, 40, 100 …: the axis ends there. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [2, 4, 6, 10, 20].map(step => step * power).find(step => step >= value) ?? value;
}
