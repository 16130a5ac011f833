import type { LookupFunction } from 'node:net';

/** Looks a host up and refuses one that leads into a private network; asked at the connection, so that the answer cannot change in between. */
export async function publicLookup(): Promise<LookupFunction> {
  const [{ lookup }, { BlockList }] = await Promise.all([import('node:dns'), import('node:net')]);
  // Two lists: a list reads ::/3 as holding every IPv4 address, in its mapped form.
  const [inside4, inside6] = [new BlockList(), new BlockList()];
  for (const [network, prefix] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ] as const) {
    inside4.addSubnet(network, prefix, 'ipv4');
  }
  // Outside of 2000::/3 nothing is a public host; IPv4 in IPv6 clothes is refused with the rest.
  for (const [network, prefix] of [
    ['::', 3],
    ['4000::', 2],
    ['8000::', 1],
    ['2002::', 16],
  ] as const) {
    inside6.addSubnet(network, prefix, 'ipv6');
  }
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const refused = addresses?.some(({ address, family }) =>
        family === 6 ? inside6.check(address, 'ipv6') : inside4.check(address, 'ipv4'),
      );
      const [first] = addresses ?? [];
      if (error || refused || !first) callback(error ?? new Error('a private address'), '', 4);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
