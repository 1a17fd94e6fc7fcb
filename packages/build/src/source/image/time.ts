/**
 * Seconds since 1970 that files of layers get where nobody says otherwise: 2 January 1980, the first
 * time that a zip file can hold in every time zone. Not the source's own: then a changed line of code
 * would change every layer.
 */
export const LAYER_EPOCH = 315_619_200;
