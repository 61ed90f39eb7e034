/**
 * The spans of the bridge: a request, a piece of work, a sweep, a call to Coder. Their attributes say what the log says and nothing more:
 * no name, no address, no credential.
 */
import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type * as Api from '@opentelemetry/api';
import { loggableUrl } from '../http/log';

/** A call to Coder that is under way. */
export interface CallSpan {
  /** What carries the trace on. */
  readonly headers: Readonly<Record<string, string>>;
  /** @param status of the answer, or the kind of the error when none came */
  end(status: number | string): void;
}

export interface TracedWork {
  readonly key: string;
  readonly app: string;
  readonly attempts: number;
  /** All that is not dealt with yet, each as JSON with `trace` where it came with one. */
  readonly causes: readonly string[];
}

export interface Tracer {
  /** Serves each request in a span, which what follows from it belongs to; a trace that it came with goes on. */
  readonly traced: (listener: RequestListener) => RequestListener;
  /** Told of the span's request: what it was to SCIM. */
  readonly scimServed: (served: {
    readonly app: string | undefined;
    readonly method: string;
    readonly route: string;
  }) => void;
  /** The trace that runs, as `traceparent` has it; undefined when it is not recorded. */
  readonly traceparent: () => string | undefined;
  /** Which trace and span a line of the log belongs to. */
  readonly logFields: () => Readonly<Record<string, string>>;
  /** Within a request, work is part of its trace; in the background it begins one, with a link to each that it comes from. */
  readonly work: <Ended extends { readonly outcome: string }>(
    item: TracedWork,
    run: () => Promise<Ended>,
  ) => Promise<Ended>;
  readonly sweep: <T>(apps: readonly string[], run: () => Promise<T>) => Promise<T>;
  /** Undefined outside of all spans: what is asked of Coder now and then, such as whether it is up, is no trace. */
  readonly coderCall: (call: {
    readonly method: string;
    readonly path: string;
    readonly lane: string;
  }) => CallSpan | undefined;
}

/** Asked every few seconds, and nothing comes of it. */
const UNTRACED = /^\/(healthz|readyz|metrics)(\?|$)/;

export function createTracer(api: typeof Api, tracer: Api.Tracer, options: { readonly baggage: boolean }): Tracer {
  const { context, propagation, trace, ROOT_CONTEXT, SpanKind, SpanStatusCode } = api;
  const carrier: Api.TextMapGetter<IncomingMessage['headers']> = {
    keys: headers => Object.keys(headers),
    // Anybody can send a request: what else comes with it is passed on to Coder only where somebody said so.
    get: (headers, name) => (name === 'baggage' && !options.baggage ? undefined : headers[name]),
  };
  const failed = (span: Api.Span, type: string): void => {
    span.setAttribute('error.type', type);
    span.setStatus({ code: SpanStatusCode.ERROR });
  };

  async function inSpan<T>(span: Api.Span, run: () => Promise<T>, done: (result: T) => void): Promise<T> {
    try {
      const result = await context.with(trace.setSpan(context.active(), span), run);
      done(result);
      return result;
    } catch (error) {
      failed(span, error instanceof Error ? error.name : 'unknown');
      throw error;
    } finally {
      span.end();
    }
  }

  function ended(span: Api.Span, request: IncomingMessage, response: ServerResponse): void {
    const id = response.getHeader('x-request-id');
    if (typeof id === 'string') span.setAttribute('coder_scim.request_id', id);
    const route = expressRouteOf(request);
    if (route !== undefined) {
      span.updateName(`${request.method ?? ''} ${route}`);
      span.setAttribute('http.route', route);
    }
    if (!response.writableFinished) {
      failed(span, 'client_closed');
    } else {
      span.setAttribute('http.response.status_code', response.statusCode);
      if (response.statusCode >= 500) failed(span, String(response.statusCode));
    }
    span.end();
  }

  return {
    traced: listener => (request, response) => {
      const { method = '', url = '' } = request;
      if (UNTRACED.test(url)) {
        listener(request, response);
        return;
      }
      const parent = propagation.extract(ROOT_CONTEXT, request.headers, carrier);
      const [path = ''] = loggableUrl(url).split('?', 1);
      const attributes = { 'http.request.method': method, 'url.path': path };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
      const within = trace.setSpan(parent, span);
      // The line of the log and the metrics are written when the response ends, and belong to the request all the same.
      context.bind(within, response);
      response.on('close', () => queueMicrotask(() => ended(span, request, response)));
      context.with(within, listener, undefined, request, response);
    },

    scimServed({ app, method, route }) {
      const span = trace.getActiveSpan();
      if (span === undefined) return;
      if (route !== 'unknown') {
        span.updateName(`${method} ${route}`);
        span.setAttribute('http.route', route);
      }
      if (app !== undefined) span.setAttribute('coder_scim.app', app);
    },

    traceparent() {
      const active = trace.getActiveSpan()?.spanContext();
      if (active === undefined || (active.traceFlags & 1) === 0) return undefined;
      return `00-${active.traceId}-${active.spanId}-01`;
    },

    logFields(): Record<string, string> {
      const active = trace.getActiveSpan()?.spanContext();
      return active === undefined ? {} : { trace_id: active.traceId, span_id: active.spanId };
    },

    work(item, run) {
      const running = trace.getActiveSpan()?.spanContext().traceId;
      const links = originsOf(item)
        .filter(({ traceId }) => traceId !== running)
        .map(origin => ({ context: origin }));
      const span = tracer.startSpan(`work ${item.key.slice(0, item.key.indexOf(':'))}`, {
        links,
        attributes: {
          'coder_scim.app': item.app,
          'coder_scim.work.key': item.key,
          'coder_scim.work.attempts': item.attempts,
        },
      });
      return inSpan(span, run, ({ outcome }) => {
        span.setAttribute('coder_scim.work.outcome', outcome);
        if (outcome === 'parked') failed(span, outcome);
      });
    },

    sweep(apps, run) {
      const span = tracer.startSpan('sweep', { attributes: { 'coder_scim.apps': [...apps] } });
      return inSpan(span, run, () => undefined);
    },

    coderCall({ method, path, lane }) {
      const parent = context.active();
      if (trace.getSpan(parent) === undefined) return undefined;
      const attributes = { 'http.request.method': method, 'url.template': path, 'coder_scim.lane': lane };
      const span = tracer.startSpan(`${method} ${path}`, { kind: SpanKind.CLIENT, attributes }, parent);
      const headers: Record<string, string> = {};
      propagation.inject(trace.setSpan(parent, span), headers);
      return {
        headers,
        end(status) {
          if (typeof status === 'number') span.setAttribute('http.response.status_code', status);
          if (typeof status === 'string' || status >= 400) failed(span, String(status));
          span.end();
        },
      };
    },
  };
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The spans that a piece of work comes from. */
function originsOf({ causes }: TracedWork): Api.SpanContext[] {
  return causes.flatMap(line => {
    const { trace } = JSON.parse(line) as { trace?: string };
    const [, traceId, spanId, flags = ''] = TRACEPARENT.exec(trace ?? '') ?? [];
    if (traceId === undefined || spanId === undefined) return [];
    return [{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }];
  });
}

/** Path with placeholders of what went through express to the admin API or the page. */
function expressRouteOf(request: IncomingMessage): string | undefined {
  const { baseUrl, route } = request as { baseUrl?: string; route?: { path?: unknown } };
  if (baseUrl === undefined || !/^\/(admin|ui)\b/.test(baseUrl) || typeof route?.path !== 'string') return undefined;
  return `${baseUrl}${route.path}`;
}
