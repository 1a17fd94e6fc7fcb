/// What the cellar holds.
pub fn casks() -> u32 {
    3
}
