import { useState } from 'preact/hooks';
import { currentChild, freshChild, siblingOf } from '../child';
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
          <button
            type="button"
            class="quiet"
            onClick={() => {
              const fresh = freshChild();
              setChild(fresh);
              a.restart({ openid: fresh });
              b.restart({ openid: who === 'same' ? fresh : siblingOf(fresh) });
            }}
          >
            {text.phones.fresh}
          </button>
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
