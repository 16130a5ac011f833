export interface LogLine {
  at: string;
  functionName: string;
  requestId: string | undefined;
  text: string;
}

const kept = 500;

/** The latest lines that the functions wrote, oldest first. */
export function createLogs(onLog: (line: LogLine) => void) {
  const lines: LogLine[] = [];
  return {
    recent: (): readonly LogLine[] => lines,
    write(functionName: string, text: string, requestId: string | undefined): void {
      const at = new Date().toISOString();
      for (const part of text.split('\n')) {
        if (part === '') continue;
        const line = { at, functionName, requestId, text: part };
        lines.push(line);
        onLog(line);
      }
      lines.splice(0, Math.max(0, lines.length - kept));
    },
  };
}
