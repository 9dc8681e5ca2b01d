/** What `npm audit --json` has found out. */
export type AuditVerdict =
  | { readonly kind: 'clean'; readonly packages: number }
  | { readonly kind: 'vulnerable'; readonly findings: readonly string[] }
  /** Nobody knows: the registry was not reached, or has no audits. */
  | { readonly kind: 'unanswered'; readonly reason: string };

const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'];

/** Reads the report; findings below `threshold` do not count. */
export function readAudit(output: string, threshold: 'low' | 'moderate' | 'high' | 'critical'): AuditVerdict {
  const report = parse(output);
  const vulnerabilities = report?.['vulnerabilities'];
  const total = asRecord(asRecord(asRecord(report?.['metadata'])?.['dependencies']))?.['total'];
  if (!report || !asRecord(vulnerabilities) || typeof total !== 'number') {
    const message = report?.['message'];
    return { kind: 'unanswered', reason: typeof message === 'string' ? message : 'npm gave no report' };
  }
  const findings = Object.entries(asRecord(vulnerabilities) ?? {}).flatMap(([name, value]) => {
    const severity = String(asRecord(value)?.['severity']);
    const rank = SEVERITIES.indexOf(severity);
    // What has a severity that nobody knows counts.
    return rank === -1 || rank >= SEVERITIES.indexOf(threshold) ? [`${name}: ${severity}`] : [];
  });
  return findings.length > 0 ? { kind: 'vulnerable', findings } : { kind: 'clean', packages: total };
}

function parse(output: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(output));
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
