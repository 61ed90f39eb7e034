/** Stands in for the bridge's metrics, whose library measures the real process. */
export function createMetrics() {
  return {
    scimServed: () => undefined,
    coderCalled: () => undefined,
    converged: () => undefined,
    auditSealed: () => undefined,
    auditExported: () => undefined,
    render: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
  };
}
