// Stands in for `semver`, which jsonwebtoken carries along for three questions: is this Node at least 8, 15.7 and 16.9? The
// bundles are built for 20.
export const satisfies = (): boolean => true;
