public import Screening

/// What carrying results out of the house needs of a ledger. What is due is written with the end of an arrival, or with its correction.
public protocol DeliveryLedger: Sendable {
    /// What must be carried to a target, in the order in which it became due by number.
    ///
    /// - Parameters:
    ///   - number: only those after it.
    ///   - moment: only those that became due then or later; nil: all.
    ///   - limit: at most so many.
    func due(to target: String, after number: Int64, since moment: Timestamp?, limit: Int) async throws(PapillaError)
        -> [DeliveryRow]

    /// A delivery as it is now; nil where it is not due any more, or its arrival is being forgotten.
    func due(_ number: Int64) async throws(PapillaError) -> DeliveryRow?

    /// Takes a delivery in hand, to be carried out at once: no other station begins to forget its arrival meanwhile. It ends with `deliver`,
    /// `dropDelivery`, or the station's lease.
    ///
    /// - Returns: the delivery as it is now; nil where it is not due any more, or its arrival is being forgotten.
    func beginDelivery(_ number: Int64) async throws(PapillaError) -> DeliveryRow?

    /// Lets go of what was taken in hand of an arrival, and was not carried out.
    func dropDelivery(of id: ScreeningID) async throws(PapillaError)

    /// Writes down that a target has what was due to it.
    ///
    /// - Throws: `refused` where it was not due.
    func deliver(_ number: Int64) async throws(PapillaError)

    /// Has what is due tried again: it counts as due from now on, and is no longer given up.
    ///
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `refused` where it was not due.
    func tryAgain(_ number: Int64, actor: String) async throws(PapillaError)

    /// Whether a target was ever given anything.
    func hasDelivered(to target: String) async throws(PapillaError) -> Bool

    /// Deliveries, the earliest first.
    ///
    /// - Parameters:
    ///   - id: only of this arrival.
    ///   - target: only to this target.
    ///   - states: only in one of these.
    ///   - limit: at most so many, the latest.
    func deliveries(
        of id: ScreeningID?, to target: String?, in states: Set<DeliveryRow.State>?, limit: Int?
    ) async throws(PapillaError) -> [DeliveryRow]

    /// How deliveries stand, target by target.
    ///
    /// - Parameter limits: by target, the moment before which what became due is given up.
    func deliveryCounts(givingUp limits: [String: Timestamp]) async throws(PapillaError) -> [DeliveryCounts]

    /// Deliveries of the arrivals received on a day, or of all, by state.
    func deliveryStates(day: String?) async throws(PapillaError) -> [DeliveryRow.State: Int]

    /// How many deliveries of the arrivals received on a day, or of all, are given up.
    ///
    /// - Parameter limits: by target, the moment before which what became due is given up.
    func givenUp(day: String?, before limits: [String: Timestamp]) async throws(PapillaError) -> Int
}

extension DeliveryLedger {
    /// The first of what must be carried to a target.
    public func due(to target: String, limit: Int) async throws(PapillaError) -> [DeliveryRow] {
        try await due(to: target, after: 0, since: nil, limit: limit)
    }

    /// How deliveries stand, target by target, with nothing given up.
    public func deliveryCounts() async throws(PapillaError) -> [DeliveryCounts] { try await deliveryCounts(givingUp: [:]) }

    /// What must be carried to a target, whenever it became due.
    public func due(to target: String, after number: Int64, limit: Int) async throws(PapillaError) -> [DeliveryRow] {
        try await due(to: target, after: number, since: nil, limit: limit)
    }

    /// Every delivery of an arrival.
    public func deliveries(of id: ScreeningID) async throws(PapillaError) -> [DeliveryRow] {
        try await deliveries(of: id, to: nil, in: nil, limit: nil)
    }

    /// Every delivery.
    public func deliveries() async throws(PapillaError) -> [DeliveryRow] {
        try await deliveries(of: nil, to: nil, in: nil, limit: nil)
    }
}
