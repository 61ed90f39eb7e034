/** A collector that takes what is sent by OTLP over HTTP as JSON, and keeps it. */
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

type Attributes = readonly { readonly key: string; readonly value: Value }[];

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes?: Attributes;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

export interface CollectedSpan extends Omit<SentSpan, 'attributes'> {
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Point {
  readonly attributes?: Attributes;
  readonly asDouble?: number;
  readonly asInt?: number | string;
  readonly count?: number | string;
  readonly explicitBounds?: readonly number[];
}

interface SentMetric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}

export interface Collector {
  readonly url: string;
  spans(): CollectedSpan[];
  /** The last points of a metric, by their attributes as JSON. */
  metric(name: string): ReadonlyMap<string, Point> | undefined;
  /** Attributes of who sent. */
  resource(): Readonly<Record<string, unknown>>;
  /** Everything that arrived, as it was sent. */
  text(): string;
  close(): Promise<void>;
}

const SPANS = 'resourceSpans';
const METRICS = 'resourceMetrics';

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const metrics = new Map<string, ReadonlyMap<string, Point>>();
  let resource: Readonly<Record<string, unknown>> = {};
  let text = '';

  function take(body: string): void {
    text += `${body}\n`;
    const sent = JSON.parse(body) as {
      [SPANS]?: { resource: { attributes: Attributes }; scopeSpans: { spans: SentSpan[] }[] }[];
      [METRICS]?: { resource: { attributes: Attributes }; scopeMetrics: { metrics: SentMetric[] }[] }[];
    };
    for (const part of sent[SPANS] ?? []) {
      resource = valuesOf(part.resource.attributes);
      for (const span of part.scopeSpans.flatMap(scope => scope.spans))
        spans.push({ ...span, attributes: valuesOf(span.attributes) });
    }
    for (const metric of (sent[METRICS] ?? []).flatMap(part => part.scopeMetrics.flatMap(scope => scope.metrics))) {
      const points = (metric.sum ?? metric.gauge ?? metric.histogram)?.dataPoints ?? [];
      metrics.set(metric.name, new Map(points.map(point => [JSON.stringify(valuesOf(point.attributes)), point])));
    }
  }

  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      take(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    metric: name => metrics.get(name),
    resource: () => resource,
    text: () => text,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function valuesOf(attributes: Attributes = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.doubleValue ??
        value.boolValue ??
        (value.intValue === undefined ? value : Number(value.intValue)),
    ]),
  );
}
