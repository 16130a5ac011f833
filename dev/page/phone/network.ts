import { postJson } from '../post';
import { inPageLanguage } from '../text';

/** One request as seen between the phone and the cloud. */
export interface Wire {
  id: number;
  name: string;
  state: 'sent' | 'ok' | 'refused' | 'lost' | 'offline';
  code: string;
  ms: number | null;
  twice: boolean;
}

export interface Network {
  online: boolean;
  /** The next answer never arrives. */
  dropNext: boolean;
  /** The next request arrives two times. */
  twiceNext: boolean;
  wires: readonly Wire[];
}

interface Envelope {
  success: boolean;
  error?: { code: string };
}

const shownWires = 7;
const noNetwork = { errMsg: 'cloud.callFunction:fail request:fail' };

const isEnvelope = (value: unknown): value is Envelope => typeof value === 'object' && value !== null && 'success' in value;

let wires = 0;

/** What lies between one phone and the gateway, and can be told to fail. `changed` is called whenever something of it has. */
export function openNetwork(openid: () => string, changed: () => void) {
  const network: Network = { online: true, dropNext: false, twiceNext: false, wires: [] };

  function set(changes: Partial<Network>): void {
    Object.assign(network, changes);
    changed();
  }

  function note(wire: Wire): void {
    const others = network.wires.filter(({ id }) => id !== wire.id);
    set({ wires: [wire, ...others].sort((a, b) => b.id - a.id).slice(0, shownWires) });
  }

  async function post(name: string, data: object): Promise<unknown> {
    const response = await postJson(`/invoke/${name}`, { data: { ...data, ...inPageLanguage() }, as: { openid: openid() } });
    const answer: { result?: unknown } = await response.json();
    return answer.result;
  }

  async function call(name: string, data: object): Promise<unknown> {
    const action = 'action' in data ? String(data.action) : '?';
    wires += 1;
    const wire: Wire = { id: wires, name: `${name}.${action}`, state: 'sent', code: '', ms: null, twice: network.twiceNext };
    if (!network.online) {
      note({ ...wire, state: 'offline' });
      throw noNetwork;
    }
    const { dropNext, twiceNext } = network;
    set({ dropNext: false, twiceNext: false });
    note(wire);
    const startedAt = performance.now();
    const [result] = await Promise.all(twiceNext ? [post(name, data), post(name, data)] : [post(name, data)]);
    const ms = Math.round(performance.now() - startedAt);
    if (dropNext || !network.online) {
      note({ ...wire, state: 'lost', ms });
      throw noNetwork;
    }
    const code = isEnvelope(result) && result.success ? 'OK' : isEnvelope(result) ? (result.error?.code ?? '?') : 'FAULT';
    note({ ...wire, state: code === 'OK' ? 'ok' : 'refused', code, ms });
    return result;
  }

  return { network, set, call };
}
