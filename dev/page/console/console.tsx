import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { currentChild } from '../child';
import { useRemembered } from '../remembered';
import { useLanguage, useText } from '../text';
import { Segments } from '../ui';
import { type ActionEntry, type Catalogue, fetchCatalogue } from './catalogue';
import { exampleFor } from './example';
import { Form, JsonEntry, pretty } from './form';
import { type Door, type Sent, send, type Who } from './send';

const nameOf = ({ fn, action }: ActionEntry): string => `${fn}.${action}`;

const groupsOf = (actions: readonly ActionEntry[]): [string, ActionEntry[]][] => {
  const names = [...new Set(actions.map(({ fn }) => fn))];
  return names.map((name) => [name, actions.filter(({ fn }) => fn === name)]);
};

export function Console() {
  const [catalogue, setCatalogue] = useState<Catalogue | null>(null);
  const [problem, setProblem] = useState('');

  useEffect(() => {
    fetchCatalogue().then(setCatalogue, (error: unknown) => setProblem(String(error)));
  }, []);

  return (
    <div class="console">
      {problem !== '' && <p role="alert">{problem}</p>}
      {catalogue && <Actions catalogue={catalogue} />}
    </div>
  );
}

function Actions({ catalogue }: { catalogue: Catalogue }) {
  const text = useText();
  const [chosen, setChosen] = useRemembered('action', 'diary.create', catalogue.actions.map(nameOf));
  const entry = catalogue.actions.find((each) => nameOf(each) === chosen);
  return (
    <>
      <nav class="actions" aria-label={text.console.actions}>
        {groupsOf(catalogue.actions).map(([fn, actions]) => (
          <section key={fn}>
            <h3>{fn}</h3>
            {actions.map((each) => (
              <button
                key={each.action}
                type="button"
                aria-current={nameOf(each) === chosen ? 'true' : undefined}
                onClick={() => setChosen(nameOf(each))}
              >
                {each.action}
              </button>
            ))}
          </section>
        ))}
      </nav>
      {entry && <Bench key={chosen} entry={entry} catalogue={catalogue} />}
    </>
  );
}

const doorsOf = ({ access, rest }: ActionEntry): Door[] =>
  access === 'system' ? ['timer'] : rest === null ? ['miniprogram', 'console'] : ['miniprogram', 'http', 'console'];

/** One action: filled in, sent, and looked at from both sides. */
function Bench({ entry, catalogue }: { entry: ActionEntry; catalogue: Catalogue }) {
  const text = useText();
  // The contracts' summaries are Chinese, the descriptions of their fields English.
  const isChinese = useLanguage() === 'zh';
  const doors = doorsOf(entry);
  const [door, setDoor] = useState<Door>(doors[0] ?? 'console');
  const [who, setWho] = useState<Who>(entry.access === 'operator' ? 'operator' : 'child');
  const [openid, setOpenid] = useState(currentChild);
  const [mode, setMode] = useState<'form' | 'json'>('form');
  const [data, setData] = useState<Record<string, unknown>>(entry.example);
  const touched = useRef(false);
  const [draft, setDraft] = useState(0);
  const [sent, setSent] = useState<Sent | null>(null);
  const [busy, setBusy] = useState(false);
  const openidId = useId();
  const jsonId = useId();

  const fillIn = async (): Promise<void> => {
    const example = await exampleFor(entry, openid).catch(() => entry.example);
    if (touched.current) return;
    setData(example);
    setDraft((count) => count + 1);
  };
  useEffect(() => {
    void fillIn();
  }, []);

  function change(next: Record<string, unknown>): void {
    touched.current = true;
    setData(next);
  }

  async function submit(): Promise<void> {
    setBusy(true);
    try {
      setSent(await send({ entry, door, who: shownWho, openid, data }, catalogue));
    } finally {
      setBusy(false);
    }
  }

  const people = { child: text.console.child, operator: text.console.operator, nobody: text.console.nobody };
  const possible: Who[] = door === 'miniprogram' ? ['child', 'operator'] : ['child', 'operator', 'nobody'];
  const shownWho = possible.includes(who) ? who : 'child';
  return (
    <div class="bench">
      <form
        class="order"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) void submit();
        }}
      >
        <h2>
          {entry.fn}.<wbr />
          {entry.action}
        </h2>
        <p class="soft">
          {isChinese && `${entry.summary} · `}
          {text.console.access[entry.access]}
          {entry.rest !== null && (
            <>
              {' · '}
              <code>{entry.rest}</code>
            </>
          )}
        </p>
        <div class="order-settings">
          <Segments label={text.console.door} options={text.console.doors} among={doors} value={door} onChange={setDoor} />
          {door !== 'timer' && <Segments label={text.console.who} options={people} among={possible} value={shownWho} onChange={setWho} />}
          {door !== 'timer' && shownWho === 'child' && (
            <span class="openid">
              <label for={openidId}>{text.console.openid}</label>
              <input id={openidId} type="text" pattern="[\w\-]+" value={openid} onInput={(event) => setOpenid(event.currentTarget.value)} />
            </span>
          )}
        </div>
        <div class="order-mode">
          <Segments
            label={text.console.form}
            options={{ form: text.console.form, json: text.console.json }}
            value={mode}
            onChange={setMode}
          />
          <button
            type="button"
            class="quiet"
            onClick={() => {
              touched.current = false;
              void fillIn();
            }}
          >
            {text.console.example}
          </button>
        </div>
        <div key={`${mode} ${draft}`}>
          {mode === 'form' ? (
            <Form fields={entry.input.properties ?? {}} required={entry.input.required ?? []} values={data} onChange={change} />
          ) : (
            <>
              <label for={jsonId} class="unseen">
                {text.console.json}
              </label>
              <JsonEntry id={jsonId} rows={14} value={data} onChange={(value) => change({ ...(typeof value === 'object' ? value : {}) })} />
            </>
          )}
        </div>
        <button type="submit" class="main-button" disabled={busy}>
          {busy ? text.console.sending : text.console.send}
        </button>
      </form>
      <Outcome sent={sent} busy={busy} />
    </div>
  );
}

function Outcome({ sent, busy }: { sent: Sent | null; busy: boolean }) {
  const text = useText();
  return (
    <div class="outcome" aria-live="polite" aria-busy={busy}>
      {sent === null ? (
        <p class="empty">{text.console.noAnswer}</p>
      ) : (
        <>
          <p class="verdict-line">
            <b class="code" data-ok={sent.code === 'OK'}>
              {sent.code}
            </b>
            <span>{sent.ms} ms</span>
            {sent.trips && <span>{text.console.trips(sent.trips.mysql, sent.trips.redis)}</span>}
          </p>
          <Shown title={text.console.answer} content={pretty(sent.answer)} />
          <Shown title={text.console.event} content={pretty(sent.event)} />
          <Shown title={text.console.log} content={sent.log.map((line) => line.text).join('\n') || text.console.noLog} />
        </>
      )}
    </div>
  );
}

function Shown({ title, content }: { title: string; content: string }) {
  const text = useText();
  const [isCopied, setCopied] = useState(false);
  return (
    <section class="shown">
      <h3>
        {title}
        <button
          type="button"
          class="quiet"
          aria-label={`${text.console.copy}: ${title}`}
          onClick={() => navigator.clipboard.writeText(content).then(() => setCopied(true))}
        >
          {isCopied ? text.console.copied : text.console.copy}
        </button>
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre tabIndex={0}>{content}</pre>
    </section>
  );
}
