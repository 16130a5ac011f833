import { useEffect, useRef, useState } from 'preact/hooks';
import { Plane, TabIcon, type TabName, Wifi } from '../icons';
import { useText } from '../text';
import { Calendar } from './calendar';
import type { Device } from './device';
import { Diaries } from './diaries';
import { Editor } from './editor';
import { type Notice, NoticeSheet, Notices } from './notices';
import { Points } from './points';
import { Tasks } from './tasks';
import { inBeijing } from './time';
import { Hand, useDevice, useStatus } from './use-device';
import { Wheel } from './wheel';

const tabs: readonly TabName[] = ['diary', 'calendar', 'tasks', 'wheel', 'points'];
const toastMs = 3_200;

export function Phone({ device, child }: { device: Device; child: string }) {
  useDevice(device);
  const text = useText();
  const [tab, setTab] = useState<TabName>('diary');
  const [editing, setEditing] = useState<string | null>(null);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [toast, setToast] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const runs = device.runs();
  // A new run begins where an app begins.
  useEffect(() => {
    setEditing(null);
    setNotice(null);
  }, [runs]);

  function say(message: string): void {
    clearTimeout(timer.current);
    setToast(message);
    timer.current = setTimeout(() => setToast(''), toastMs);
  }

  const name = text.phones.names[device.name];
  const covered = editing !== null || notice !== null;
  return (
    <Hand.Provider value={{ device, say }}>
      <section class={`phone phone-${device.name}`} aria-label={`${name} · ${child}`}>
        <div class="screen">
          <StatusBar device={device} child={child} />
          <div class="stage" inert={covered} key={runs}>
            <div class="title">
              <h2>{text.tabs[tab]}</h2>
              <SyncMark device={device} />
            </div>
            <Notices onOpen={setNotice} />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
            <div class="content" id={`${device.name}-content`} role="tabpanel" aria-labelledby={`${device.name}-${tab}`} tabIndex={0}>
              {tab === 'diary' && <Diaries onOpen={setEditing} />}
              {tab === 'calendar' && <Calendar onOpen={setEditing} />}
              {tab === 'tasks' && <Tasks />}
              {tab === 'wheel' && <Wheel />}
              {tab === 'points' && <Points />}
            </div>
            <TabBar phone={device.name} tab={tab} onChoose={setTab} />
          </div>
          {editing !== null && (
            <Editor key={`${runs} ${editing}`} date={editing} today={device.today()} onDate={setEditing} onClose={() => setEditing(null)} />
          )}
          {notice !== null && <NoticeSheet notice={notice} onClose={() => setNotice(null)} />}
          <p class="toast" role="status" data-on={toast !== ''}>
            {toast}
          </p>
        </div>
      </section>
    </Hand.Provider>
  );
}

function StatusBar({ device, child }: { device: Device; child: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  const clock = inBeijing(device.now());
  const wrong = device.clock() !== 'right';
  return (
    <div class="status-bar">
      <time class={wrong ? 'wrong' : ''} dateTime={clock.slice(0, 16)}>
        {wrong && `${clock.slice(0, 10)} `}
        {clock.slice(11, 16)}
      </time>
      <span>{child}</span>
      {device.network.online ? <Wifi /> : <Plane />}
    </div>
  );
}

function SyncMark({ device }: { device: Device }) {
  const text = useText();
  const { pending, running } = useStatus(device);
  const { online } = device.network;
  const words = [!online && text.sync.offline, pending > 0 && text.sync.pending(pending)].filter(Boolean).join(' · ');
  const state = !online ? 'offline' : pending > 0 ? 'pending' : 'synced';
  return (
    <span class="sync-mark" data-state={state} data-running={running}>
      {words || text.sync.synced}
    </span>
  );
}

function TabBar({ phone, tab, onChoose }: { phone: string; tab: TabName; onChoose: (tab: TabName) => void }) {
  const text = useText();
  const bar = useRef<HTMLDivElement>(null);

  /** Counts from the focused tab: two quick keys come before the first one is drawn. */
  function onKeyDown(event: KeyboardEvent, focused: TabName): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = tabs[(tabs.indexOf(focused) + step + tabs.length) % tabs.length];
    if (step === 0 || next === undefined) return;
    onChoose(next);
    bar.current?.querySelector<HTMLElement>(`#${phone}-${next}`)?.focus();
  }

  return (
    <div class="tab-bar" role="tablist" ref={bar}>
      {tabs.map((name) => (
        <button
          key={name}
          id={`${phone}-${name}`}
          type="button"
          role="tab"
          aria-selected={tab === name}
          aria-controls={`${phone}-content`}
          tabIndex={tab === name ? 0 : -1}
          onClick={() => onChoose(name)}
          onKeyDown={(event) => onKeyDown(event, name)}
        >
          <TabIcon name={name} />
          {text.tabs[name]}
        </button>
      ))}
    </div>
  );
}
