/**
 * The vendor's command line as far as we use it, in the words of version 2 (`@cloudbase/cli` 2.12.10). Version 3 keeps them but for these; the
 * vendor's documentation names the new ones, and no package was there to run them with:
 *
 *   version 2                                     version 3
 *   --envId                                       --env-id (the old one still works)
 *   service create --service-path P --function F  routes add -d '{"routes":[{"path":P,"upstreamResourceType":"SCF","upstreamResourceName":F}]}'
 */
export const commands = {
  deploy: (name: string, envId: string) => ['fn', 'deploy', name, '--force', '--yes', '--envId', envId],
  invoke: (name: string, event: object, envId: string) => ['fn', 'invoke', name, '--params', JSON.stringify(event), '--envId', envId],
  openPath: (name: string, path: string, envId: string) => [
    'service',
    'create',
    '--service-path',
    path,
    '--function',
    name,
    '--envId',
    envId,
  ],
  /** Prints what is deployed as JSON, all but the network. Without --yes: with it, a function that is missing is made up from local files. */
  pull: (names: readonly string[], envId: string) => ['config', 'pull', 'fn', ...names, '--stdout', '--envId', envId],
  /** A table for people, which has the network that `pull` loses. Holds the values of all variables: never printed. */
  detail: (name: string, envId: string) => ['fn', 'detail', name, '--envId', envId],
  publish: (name: string, description: string, envId: string) => ['fn', 'publish-version', name, description, '--envId', envId],
  versions: (name: string, envId: string) => ['fn', 'list-function-versions', name, '--limit', '100', '--envId', envId],
  /** The CLI refuses a route to one version alone, although its help allows it: a second one with nothing always follows. */
  route(name: string, [first, percent]: readonly [string, number], second: string, envId: string): string[] {
    return ['fn', 'config-route', name, first, String(percent), second, String(100 - percent), '--envId', envId];
  },
} as const;
