import http from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';

// Loaded into the vendor's command line by --import: what it asks of the vendor's hosts goes to a stand-in on the loopback (cloud-api.ts).

https.request = (first, second, third) => {
  const isUrl = typeof first === 'string' || first instanceof URL;
  const options = {
    ...(isUrl ? urlToHttpOptions(new URL(first)) : first),
    ...(typeof second === 'object' && second !== null ? second : {}),
  };
  const { agent: _, _defaultAgent: __, ...asked } = options;
  return http.request(
    {
      ...asked,
      protocol: 'http:',
      host: '127.0.0.1',
      hostname: '127.0.0.1',
      port: process.env.CLOUD_API_PORT,
      headers: { ...asked.headers, host: '127.0.0.1', 'x-asked-host': asked.hostname ?? asked.host },
    },
    [second, third].find((each) => typeof each === 'function'),
  );
};
https.get = (...asked) => https.request(...asked).end();
