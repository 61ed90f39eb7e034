/**
 * The metrics of `/metrics`, sent by OpenTelemetry under the names that they have there: alerts and dashboards fit either. Histograms are
 * told of each value; counters and gauges are read when they are sent.
 */
import type * as Api from '@opentelemetry/api';
import { type Definition, type Mirror } from '../http/metrics';

export type MetricsMirror = Mirror;

export function createMetricsMirror({ ValueType }: typeof Api, meter: Api.Meter): MetricsMirror {
  const unitOf = (name: string) => ({ unit: /_seconds$/.test(name) ? 's' : /_bytes$/.test(name) ? 'By' : '' });
  return {
    histogram({ name, help, buckets }) {
      const made = meter.createHistogram(name, {
        description: help,
        ...unitOf(name),
        valueType: ValueType.DOUBLE,
        advice: { explicitBucketBoundaries: [...buckets] },
      });
      return (labels, value) => made.record(value, labels);
    },
    readAtExport(definitions, read) {
      const make = ({ name, help, counts }: Definition) => {
        const options = { description: help, ...unitOf(name) };
        return counts ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
      };
      const instruments = new Map(definitions.map(definition => [definition.name, make(definition)]));
      meter.addBatchObservableCallback(
        async result => {
          for (const { name, labels, value } of await read()) {
            const instrument = instruments.get(name);
            if (instrument !== undefined) result.observe(instrument, value, labels);
          }
        },
        [...instruments.values()],
      );
    },
  };
}
