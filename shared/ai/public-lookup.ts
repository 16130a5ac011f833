import type { LookupFunction } from 'node:net';

/** Resolves a host and refuses one in a private network. Used at connect time, so that the address cannot change in between. */
export async function publicLookup(): Promise<LookupFunction> {
  const [{ lookup }, { BlockList }] = await Promise.all([import('node:dns'), import('node:net')]);
  // Two lists, because in one list ::/3 would also match every IPv4 address in its IPv6-mapped form.
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
  // Public IPv6 addresses are in 2000::/3. IPv4-mapped addresses are outside of it and so refused.
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
