/// Waits that double: 2, 4, 8 ... s, five minutes at most.
package enum Backoff {
    /// How long to wait after the `tries`th failure in a row.
    package static func wait(_ tries: Int) -> Duration { .seconds(min(300, 1 << min(max(tries, 1), 9))) }
}
