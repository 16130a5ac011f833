// Stands in for packages that others merely try to load (`supports-color`, native speed-ups of `ws`). Throwing is what they would
// meet without the package, so they take the path they have prepared for it.
throw new Error('this optional package is not part of the bundle');

export {};
