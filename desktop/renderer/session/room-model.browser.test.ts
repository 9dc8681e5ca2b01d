import { expect, it, onTestFinished } from 'vitest';
import { settle } from '../../../shared/testing/scripted-relay.ts';
import { openRoomUnderTest } from '../testing/room-under-test.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { OpenRoom } from './open-room.ts';
import { rememberIdentity } from './own-identity.ts';
import { OpenRoomModel } from './room-model.ts';

it('knows self without a connection, as the relay said last', async () => {
  const { room, relay } = await openRoomUnderTest();
  const open = new ObservableValue<OpenRoom | undefined>(room);
  const api = { invoke: () => Promise.reject(new Error('nobody answers')), on: () => () => {} };
  const model = new OpenRoomModel(open, api, new ObservableValue<string | undefined>(undefined));
  onTestFinished(() => {
    model.dispose();
    window.localStorage.clear();
  });
  expect([model.ownPerson.get(), model.participants.get()]).toEqual([undefined, []]);
  relay.latest.welcome();
  await settle();
  const [self] = model.participants.get();
  expect(model.ownPerson.get()).toEqual({ subject: 'me', name: 'Me', colorIndex: self?.colorIndex });
  rememberIdentity(room.status.room, { subject: 'me', name: 'Me' });
  relay.latest.goodbye(1012);
  await settle();
  expect(model.participants.get()).toEqual([]);
  expect(model.ownPerson.get()).toEqual({ subject: 'me', name: 'Me', colorIndex: self?.colorIndex });
  open.set(undefined);
  expect(model.ownPerson.get()).toBeUndefined();
});
