// What this app uses of WeChat. For all of it: npm i -D miniprogram-api-typings.

type GrowthDiary = import('../lib/growth-diary').GrowthDiary;

declare function App<Options extends object>(options: Options & ThisType<Options>): void;

declare function Page<Options extends { data: object }>(
  options: Options & ThisType<Options & { setData(changes: Partial<Options['data']>): void } & Record<string, any>>,
): void;

declare function getApp(): {
  growth: GrowthDiary;
  ask(name: string, action: string, data: object): Promise<any>;
  shownAt(fileId: string): string;
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>;
};

declare function setTimeout(run: () => void, ms: number): number;
declare function clearTimeout(timer: number): void;
declare function require(path: string): any;
declare var module: { exports: any };

interface Request {
  url: string;
  method: 'GET' | 'POST' | 'PUT';
  header: Record<string, string>;
  data: unknown;
  success(answer: { statusCode: number; data: any }): void;
  fail(error: unknown): void;
}

declare const wx: Omit<import('../lib/growth-diary').Wx, 'cloud' | 'getFileSystemManager'> & {
  cloud: {
    init(options: { env: string }): void;
    callFunction(call: { name: string; data: object }): Promise<any>;
  };
  request(options: Request): unknown;
  getFileSystemManager(): {
    readFile(options: { filePath: string; success(answer: { data: ArrayBuffer }): void; fail(error: unknown): void }): void;
  };
  navigateTo(options: { url: string }): void;
  navigateBack(): void;
  reLaunch(options: { url: string }): void;
  stopPullDownRefresh(): void;
  showToast(options: { title: string; icon?: 'none' | 'success' }): void;
  showLoading(options: { title: string; mask?: boolean }): void;
  hideLoading(): void;
  showModal(options: {
    title: string;
    content?: string;
    showCancel?: boolean;
    editable?: boolean;
    placeholderText?: string;
    confirmColor?: string;
  }): Promise<{ confirm: boolean; content?: string }>;
  setClipboardData(options: { data: string }): Promise<unknown>;
  chooseMedia(options: {
    count: number;
    mediaType: string[];
    sizeType: string[];
  }): Promise<{ tempFiles: { tempFilePath: string }[] }>;
  previewImage(options: { urls: string[]; current: string }): void;
};
