/** What a Debian archive sends, before and after its signature was checked. */

const SUM = "a1".repeat(32);

export const PACKAGES = `Package: curl
Source: curl-src (8.0-1)
Version: 1:8.1~rc1-2+b1
Architecture: amd64
Multi-Arch: allowed
Pre-Depends: init (>= 1)
Depends: libc6 (>= 2.34), libcurl4 (= 8.1) | libcurl5:any,
 zlib1g
Conflicts: wget (<< 1)
Provides: fetcher (= 1), web
Description: fetches – anything
Filename: pool/c.deb
Size: 12
Installed-Size: 5
SHA256: ${SUM}

Package: wget
Version: 1.2
Architecture: all
Essential: yes
SHA256: ${SUM}
`;

export const RELEASE = `Origin: Debian
Suite: stable
Codename: bookworm
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
Acquire-By-Hash: yes
Architectures: all amd64
Components: main contrib
SHA256:
 ${SUM} 12 main/binary-amd64/Packages.gz
 ${SUM} 34 main/binary-amd64/Packages
`;
