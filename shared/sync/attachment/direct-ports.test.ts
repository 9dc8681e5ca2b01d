import { describe, expect, it } from 'vitest';
import { createDirectPorts } from './direct-ports.ts';

describe('direct ports', () => {
  it('deliver at the end of the task, in order, also what was posted before anybody listened', async () => {
    const [window, engine] = createDirectPorts();
    const heard: unknown[] = [];
    window.post(1);
    const listening = engine.onMessage((message) => heard.push(message));
    window.post(2);
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual([1, 2]);
    listening.dispose();
  });

  it('lets an answer arrive only after the task of the message that asked', async () => {
    const [window, engine] = createDirectPorts();
    const steps: string[] = [];
    const answering = engine.onMessage(() => {
      engine.post('answer');
      steps.push('asked');
    });
    const listening = window.onMessage(() => steps.push('answered'));
    window.post('question');
    await Promise.resolve();
    await Promise.resolve();
    expect(steps).toEqual(['asked', 'answered']);
    answering.dispose();
    listening.dispose();
  });

  it('tells the other end that one is gone, after what it posted last', async () => {
    const [window, engine] = createDirectPorts();
    const heard: unknown[] = [];
    const listening = engine.onMessage((message) => heard.push(message));
    const closing = engine.onClose(() => heard.push('closed'));
    window.post('last');
    window.dispose();
    window.post('too late');
    engine.post('to nobody');
    await Promise.resolve();
    await Promise.resolve();
    expect(heard).toEqual(['last', 'closed']);
    listening.dispose();
    closing.dispose();
  });
});
