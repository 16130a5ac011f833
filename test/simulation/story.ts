interface Saving {
  content: string;
  date: string;
  by: string;
  /** What its author saw on that day as they wrote. */
  over: string | null;
  /** It was not refused: it follows what its author saw. */
  hasSucceeded: boolean;
}

interface Told {
  by: string;
  at: number;
}

/** What the people did and were told: against this the machines are judged. */
export class Story {
  /** Texts that were reported saved, with the moment and the phone. */
  readonly texts = new Map<string, Told & { date: string }>();
  readonly spends = new Map<string, Told>();
  /** Texts that somebody wrote over, deleted or gave up knowingly. */
  readonly seenOff = new Set<string>();
  private now = 0;

  moment(): number {
    return this.now;
  }

  saved({ content, date, by, over, hasSucceeded }: Saving): void {
    this.now += 1;
    if (!this.texts.has(content)) this.texts.set(content, { by, at: this.now, date });
    if (over !== null && over !== content && hasSucceeded) this.seenOff.add(over);
  }

  parted(content: string): void {
    this.seenOff.add(content);
  }

  spent(source: string, by: string): void {
    this.now += 1;
    this.spends.set(source, { by, at: this.now });
  }

  /** The phone was set back: what it alone knew since then is gone with its storage. */
  forgotten(by: string, since: number): void {
    for (const told of [this.texts, this.spends]) {
      for (const [name, each] of told) if (each.by === by && each.at > since) told.delete(name);
    }
  }
}
