import { useState } from 'preact/hooks';
import { currentChild, demoChild, freshChild, rememberChild, siblingOf } from '../child';
import { postJson } from '../post';
import { useRemembered } from '../remembered';
import { useText } from '../text';
import { Choice } from '../ui';
import { createDevice, type Device, type PhoneName, type Policy } from './device';
import { Panel } from './panel';
import { Phone } from './phone';

const policies: readonly Policy[] = ['ask', 'newest', 'server'];
const sharing = ['same', 'two'] as const;

const pickUpAfterMs = 250;

function createPair(child: string, second: string, policy: Policy): Record<PhoneName, Device> {
  const devices: Device[] = [];
  /** The other phone of that child is taken up a moment later, which is when an app syncs. */
  const wroteOn = (name: PhoneName) => (openid: string) => {
    setTimeout(() => {
      for (const device of devices) if (device.name !== name && device.openid() === openid) device.pickUp();
    }, pickUpAfterMs);
  };
  const a = createDevice({ name: 'a', openid: child, policy, onWritten: wroteOn('a') });
  const b = createDevice({ name: 'b', openid: second, policy, onWritten: wroteOn('b') });
  devices.push(a, b);
  return { a, b };
}

export function Phones() {
  const text = useText();
  const [policy, setPolicy] = useRemembered<Policy>('policy', 'ask', policies);
  const [who, setWho] = useRemembered<'same' | 'two'>('who', 'same', sharing);
  const [child, setChild] = useState(currentChild);
  const [{ a, b }] = useState(() => createPair(child, who === 'same' ? child : siblingOf(child), policy));

  function change(next: string): void {
    rememberChild(next);
    setChild(next);
    a.restart({ openid: next });
    b.restart({ openid: who === 'same' ? next : siblingOf(next) });
  }

  const names = text.phones.children;
  return (
    <>
      <div class="desk-head">
        <ol class="steps" aria-label={text.phones.stepsLabel}>
          {text.phones.steps.map(([title, what]) => (
            <li key={title}>
              <strong>{title}</strong>
              <span>{what}</span>
            </li>
          ))}
        </ol>
        <div class="pair-settings">
          <Choice
            showLabel
            label={text.phones.who}
            options={{ same: text.phones.same, two: text.phones.two }}
            value={who}
            onChange={(next) => {
              setWho(next);
              b.restart({ openid: next === 'same' ? child : siblingOf(child) });
            }}
          />
          <Choice
            showLabel
            label={text.phones.policy}
            options={text.phones.policies}
            value={policy}
            onChange={(next) => {
              setPolicy(next);
              a.restart({ policy: next });
              b.restart({ policy: next });
            }}
          />
          <button type="button" class="quiet" onClick={() => change(freshChild())}>
            {text.phones.fresh}
          </button>
          <Demo onMade={() => change(demoChild)} />
        </div>
      </div>
      <div class="pair">
        <Panel device={a} />
        <Phone device={a} child={names.first} />
        <Phone device={b} child={who === 'same' ? names.first : names.second} />
        <Panel device={b} />
      </div>
    </>
  );
}

/** Has the gateway make the demo child, which takes some seconds the first time. */
function Demo({ onMade }: { onMade: () => void }) {
  const { demo, demoHint, demoMaking, demoFailed } = useText().phones;
  const [state, setState] = useState<'idle' | 'making' | 'failed'>('idle');

  async function make(): Promise<void> {
    setState('making');
    const response = await postJson('/local/demo', {}).catch(() => null);
    setState(response?.ok ? 'idle' : 'failed');
    if (response?.ok) onMade();
  }

  return (
    <button type="button" class="quiet" title={demoHint} disabled={state === 'making'} onClick={() => void make()}>
      {{ idle: demo, making: demoMaking, failed: demoFailed }[state]}
    </button>
  );
}
