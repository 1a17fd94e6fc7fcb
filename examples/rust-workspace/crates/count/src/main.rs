fn main() {
    println!("{}", stock::casks());
}
