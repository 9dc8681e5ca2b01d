import { describeBackplane } from './backplane.contract.ts';
import { InProcessBackplaneHub } from './in-process.ts';

describeBackplane('in one process', () => {
  const hub = new InProcessBackplaneHub();
  return { join: () => hub.join(), settled: () => Promise.resolve() };
});
