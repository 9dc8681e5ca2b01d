import { type ReactElement, useId } from 'react';
import { CHAT_POLICIES } from '../../../../shared/access/index.ts';
import { useObservable } from '../workbench/use-observable.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { CHAT_NAMES } from './chat-names.ts';

/** What owners set for the whole room. */
export function RoomSettingsForm(): ReactElement | null {
  const { model, state, commands } = useServices();
  const overview = useObservable(model.access.overview);
  const id = useId();
  if (overview.kind !== 'ready') return null;
  const { chat } = overview.overview.settings;
  const choose = async (value: string) => {
    const next = CHAT_POLICIES.find((policy) => policy === value);
    if (next !== undefined)
      state.reportOutcome('The setting was not changed.', await model.access.writeSettings({ chat: next }));
  };
  return (
    <>
      <h3 className="people-heading">Room</h3>
      <div className="room-settings">
        <label htmlFor={`${id}-chat`}>Who may write in the chat</label>
        <select id={`${id}-chat`} className="select" value={chat} onChange={({ target }) => void choose(target.value)}>
          {CHAT_POLICIES.map((policy) => (
            <option key={policy} value={policy}>
              {CHAT_NAMES[policy]}
            </option>
          ))}
        </select>
        <button type="button" className="button button-secondary" onClick={() => commands.run('access.audit')}>
          Show Access Log
        </button>
        <button
          type="button"
          className="button button-secondary"
          onClick={() => commands.run('access.removeEverybody')}
        >
          Remove Everybody…
        </button>
      </div>
    </>
  );
}
