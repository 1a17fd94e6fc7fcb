import { GZIP_WRITER_VERSION, TAR_WRITER_VERSION, ZSTD_WRITER_VERSION } from "@cooper/archive";

/**
 * What the ecosystems make of the same packages is fixed for each version: a change of a database, of
 * what is done for a maintainer script or of a link raises it, so that nobody takes an image of before
 * for one of now.
 */
const CONTENT_VERSION = 2;

/** What makes an image of packages: another one may make other bytes of the same packages. */
export const PACKAGE_IMAGE_VERSION = `content ${CONTENT_VERSION} tar ${TAR_WRITER_VERSION} gzip ${GZIP_WRITER_VERSION} zstd ${ZSTD_WRITER_VERSION}`;
