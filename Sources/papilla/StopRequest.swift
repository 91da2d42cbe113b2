#if canImport(Glibc)
    import Glibc
#endif
internal import Synchronization

/// Whether SIGINT or SIGTERM asked to stop. The second one of a kind ends the program at once.
enum StopRequest {
    private static let flag = Atomic<Bool>(false)

    static var isSet: Bool { flag.load(ordering: .relaxed) }

    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                StopRequest.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
