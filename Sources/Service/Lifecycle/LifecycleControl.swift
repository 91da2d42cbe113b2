/// What a signal acts upon: the start while it waits for something, the pipeline once it runs.
actor LifecycleControl {
    private var life: Task<Void, any Error>?
    private var pipeline: Pipeline?
    /// The service was told to stop.
    private(set) var isStopping = false

    /// Takes hold of the whole life of the service.
    func hold(_ life: Task<Void, any Error>) {
        self.life = life
        if isStopping { life.cancel() }
    }

    /// Takes hold of what runs now; nil: nothing does.
    func hold(_ pipeline: Pipeline?) async {
        self.pipeline = pipeline
        if isStopping { await pipeline?.stop() }
    }

    /// Finishes what is in hand and ends; a start that waits is given up.
    func stop() async {
        isStopping = true
        // Everything else ends when the pipeline has.
        if let pipeline { await pipeline.stop() } else { life?.cancel() }
    }

    /// Reads configuration and models again. Before anything runs there is nothing to be read again.
    func reload() async { await pipeline?.requestReload() }
}
