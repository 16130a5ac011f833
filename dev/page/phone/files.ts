const env = 'cloud://local.growth-diary/';

/** The pictures that a phone holds under temporary paths, until they are uploaded. */
export function openFiles() {
  const held = new Map<string, Blob>();
  let count = 0;
  return {
    hold(picture: Blob, path = `wxfile://tmp_${Date.now()}_${++count}.${picture.type.split('/')[1] ?? 'png'}`): string {
      held.set(path, picture);
      return path;
    },
    get: (path: string): Blob | undefined => held.get(path),
  };
}

export async function uploadFile(cloudPath: string, picture: Blob): Promise<string> {
  const response = await fetch(`/local/files/${cloudPath}`, { method: 'PUT', body: picture });
  if (!response.ok) throw new Error(`the file was refused: ${response.status}`);
  return env + cloudPath;
}

/** Where the page finds a stored picture; null for one that lies elsewhere: no request leaves this machine. */
export const shownAt = (fileId: string): string | null => {
  const path = /^(?:cloud|cos):\/\/[\w.-]+\/(.+)$/.exec(fileId)?.[1];
  return path === undefined ? null : `/local/files/${path}`;
};

const between = (from: number, to: number): number => from + Math.random() * (to - from);

/** A small landscape, no two alike, for those who have no picture at hand. */
export function paint(): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = 480;
  canvas.height = 360;
  const ctx = canvas.getContext('2d');
  if (!ctx) return Promise.reject(new Error('this browser paints nothing'));
  const sky = ctx.createLinearGradient(0, 0, 0, 260);
  sky.addColorStop(0, `hsl(${between(190, 220)} 70% 82%)`);
  sky.addColorStop(1, `hsl(${between(30, 50)} 80% 92%)`);
  ctx.fillStyle = sky;
  ctx.fillRect(0, 0, 480, 360);
  ctx.fillStyle = `hsl(${between(38, 50)} 95% 65%)`;
  ctx.beginPath();
  ctx.arc(between(90, 390), between(70, 120), between(26, 38), 0, Math.PI * 2);
  ctx.fill();
  for (const [height, light] of [
    [230, 62],
    [270, 52],
    [310, 42],
  ] as const) {
    const phase = between(0, 6);
    ctx.fillStyle = `hsl(${between(120, 150)} 35% ${light}%)`;
    ctx.beginPath();
    ctx.moveTo(0, 360);
    for (let x = 0; x <= 480; x += 8) ctx.lineTo(x, height + Math.sin(x / between(88, 92) + phase) * 22);
    ctx.lineTo(480, 360);
    ctx.fill();
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture came out'))), 'image/png');
  });
}
