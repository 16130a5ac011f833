/** A JSON line of a function. */
const isLogLine = (text: string): boolean => text.startsWith('{"at":');

interface HeldLogs {
  drop(): void;
  print(): void;
}

const MOST = 2_000;

/** One per worker: the setup file runs once for each test file in it. */
let held: HeldLogs | undefined;

/** Keeps the functions' log lines of the current test, in place of printing them. */
export function holdLogs(): HeldLogs {
  held ??= start();
  return held;
}

function start(): HeldLogs {
  const lines: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array, ...rest: never[]) => {
    if (typeof chunk !== 'string' || !isLogLine(chunk)) return write(chunk, ...rest);
    if (lines.length < MOST) lines.push(chunk);
    return true;
  };
  return {
    drop: () => lines.splice(0),
    print: () => write(lines.splice(0).join('')),
  };
}
