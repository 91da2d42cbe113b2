internal import Dispatch
internal import Files
internal import Glibc
internal import Journal
internal import Logging

/// SIGTERM and SIGINT end the service when the images in hand are done, a second one at once; SIGHUP reads configuration and models again.
///
/// Caught from the moment this is made, and acted upon from `listen` on: none is lost while the models are loaded.
final class Signals: Sendable {
    private let signals: AsyncStream<Int32>
    private let gates: [SourceGate]
    private let log: Logger

    init(log: Logger) {
        self.log = log
        // Nobody reads what we write to a closed pipe or socket: that is an error to be met, not a death.
        signal(SIGPIPE, SIG_IGN)
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self)
        self.signals = signals
        gates = [SIGTERM, SIGINT, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { () -> Void in continuation.yield(number) }
            source.activate()
            return SourceGate(source)
        }
    }

    deinit {
        for gate in gates { gate.cancel() }
    }

    /// Acts upon signals until the task is cancelled: also while the service ends, for a second one is for that time.
    func listen(reload: @Sendable () async -> Void, stop: @Sendable () async -> Void) async {
        var isStopping = false
        for await number in signals {
            switch number {
            case SIGHUP: await reload()
            case _ where isStopping:
                log.tell(
                    .stopped, .warning,
                    "told to stop a second time: ending at once; what is in hand is carried on at the next start")
                _exit(128 + number)
            default:
                isStopping = true
                log.tell(.stopping, .notice, "told to stop: finishing what is in hand")
                Notify.stopping()
                await stop()
            }
        }
    }
}
