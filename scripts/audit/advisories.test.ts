import { expect, it } from 'vitest';
import { readAudit } from './advisories.ts';

const report = (vulnerabilities: unknown) =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { dependencies: { total: 83 } } });

it('passes only on a report without anything of the threshold or above', () => {
  expect(readAudit(report({}), 'moderate')).toEqual({ kind: 'clean', packages: 83 });
  expect(readAudit(report({ x: { severity: 'low' } }), 'moderate')).toEqual({ kind: 'clean', packages: 83 });
  expect(readAudit(report({ x: { severity: 'moderate' }, y: { severity: 'low' } }), 'moderate')).toEqual({
    kind: 'vulnerable',
    findings: ['x: moderate'],
  });
  expect(readAudit(report({ x: { severity: 'catastrophic' } }), 'critical')).toMatchObject({ kind: 'vulnerable' });
});

it.each([
  '',
  'npm error network',
  '{}',
  '[]',
  'null',
  '{"message":"request failed","error":{"summary":""}}',
  '{"vulnerabilities":{}}',
  report('none'),
])('does not take %j for a report', (output) => {
  expect(readAudit(output, 'low')).toMatchObject({ kind: 'unanswered' });
});
