internal import CSystemd
internal import Glibc

/// Messages to systemd (sd_notify(3)). Without systemd nothing happens.
package enum Notify {
    /// The service takes work, also after a reload.
    package static func ready(_ status: String) { send("READY=1\nSTATUS=\(line(status))") }
    /// What a person reads in `systemctl status`.
    package static func status(_ status: String) { send("STATUS=\(line(status))") }
    /// A reload begins.
    package static func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000)")
    }
    /// The service ends.
    package static func stopping() { send("STOPPING=1") }
    /// The service lives.
    package static func watchdog() { send("WATCHDOG=1") }
    /// Start or stop takes so much longer.
    package static func extendTimeout(_ time: Duration) { send("EXTEND_TIMEOUT_USEC=\(Int(time / .microseconds(1)))") }

    /// How often systemd wants to hear that the service lives; nil: never.
    package static var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    private static func send(_ text: String) { sd_notify(0, text) }
    // By bytes: as a character, CR LF is no LF.
    private static func line(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }
}
