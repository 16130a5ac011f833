import { useText } from '../text';
import { Choice, Switch } from '../ui';
import type { Device } from './device';
import { putOldData } from './old-data';
import { useDevice } from './use-device';

/** What a child does not see: the network, the queue, and ways to make trouble. */
export function Panel({ device }: { device: Device }) {
  useDevice(device);
  const text = useText();
  const { network } = device;
  const phone = text.phones.names[device.name];
  const queue = device.queue();
  return (
    <aside class={`panel panel-${device.name}`} aria-label={text.panel.label(phone)}>
      <h2>{phone}</h2>
      <Switch label={text.panel.airplane} on={!network.online} onChange={(on) => device.setOnline(!on)} />
      <div class="trouble">
        <button type="button" title={text.panel.killHint} onClick={() => device.restart()}>
          {text.panel.kill}
        </button>
        <button
          type="button"
          title={text.panel.dropHint}
          aria-pressed={network.dropNext}
          onClick={() => device.setNetwork({ dropNext: !network.dropNext })}
        >
          {text.panel.drop}
        </button>
        <button
          type="button"
          title={text.panel.twiceHint}
          aria-pressed={network.twiceNext}
          onClick={() => device.setNetwork({ twiceNext: !network.twiceNext })}
        >
          {text.panel.twice}
        </button>
      </div>
      <Choice showLabel label={text.panel.clock} options={text.panel.clocks} value={device.clock()} onChange={device.setClock} />
      <button type="button" class="load" title={text.panel.oldHint} onClick={() => putOldData(device)}>
        {text.panel.old}
      </button>
      <section>
        <h3>
          {text.panel.outbox} {queue.length > 0 && <b class="count">{queue.length}</b>}
        </h3>
        {queue.length === 0 && <p class="soft">{text.panel.outboxEmpty}</p>}
        <ul class="queue">
          {queue.map(({ key, type, about }) => (
            <li key={key}>
              <code>{type}</code> <span>{about}</span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>{text.panel.wire}</h3>
        {network.wires.length === 0 && <p class="soft">{text.panel.wireEmpty}</p>}
        <ul class="wires">
          {network.wires.map(({ id, name, state, code, ms, twice }) => (
            <li key={id} data-state={state} title={code}>
              <code>{name}</code>
              <span>
                {twice && `${text.panel.again} `}
                {state === 'refused' ? code : state === 'ok' && ms !== null ? `${ms} ms` : text.panel.states[state]}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </aside>
  );
}
