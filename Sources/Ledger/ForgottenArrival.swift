public import Screening

/// An arrival that was forgotten.
public struct ForgottenArrival: Sendable, Codable, Hashable {
    /// Its ID.
    public var id: ScreeningID
    /// Bundles that were erased.
    public var bundles: Int
    /// Others of the same patient or the same image that are still there.
    public var related: [ScreeningID]
    /// What had left the house before.
    public var deliveries: [Delivery]

    /// A result that a target was given.
    public struct Delivery: Sendable, Codable, Hashable {
        /// To whom.
        public var target: String
        /// Which version.
        public var version: Int
        /// When.
        public var at: Timestamp
        /// Whether it was still where it was put, and was taken away there. What reads the target may have read it before.
        public var withdrawn: Bool

        package init(target: String, version: Int, at: Timestamp, withdrawn: Bool) {
            self.target = target
            self.version = version
            self.at = at
            self.withdrawn = withdrawn
        }
    }

    package init(id: ScreeningID, bundles: Int, related: [ScreeningID], deliveries: [Delivery] = []) {
        self.id = id
        self.bundles = bundles
        self.related = related
        self.deliveries = deliveries
    }
}
