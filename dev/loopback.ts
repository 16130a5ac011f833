const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** Whether a Host header names this machine. A name that an attacker's DNS rebinds to 127.0.0.1 does not. */
export const isLoopback = (host: string | undefined): boolean => loopback.test(host ?? '');
