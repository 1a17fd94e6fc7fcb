/** Where certificate authorities stand in Debian and Alpine; Node alone does not look there by itself. */
export const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
