public import Screening

/// Which screenings a reader wants to see. Everything that is set must hold.
public struct ReviewFilter: Sendable, Hashable {
    /// The order of the list.
    public enum Order: String, Sendable, CaseIterable {
        /// What most needs a person first.
        case attention
        /// What came last first.
        case newest
    }

    /// By outcome and time of arrival.
    public var arrivals = ArrivalFilter()
    /// What the router saw.
    public var modalities: Set<Modality> = []
    /// With one of these codes.
    public var attention: Set<Attention.Code> = []
    /// Also those that nothing draws attention to.
    public var includesQuiet = false
    /// Only those on which nobody has decided.
    public var undecidedOnly = false
    /// Only those that stand in no visit: without a subject, or of one whose visit is not put together yet. What came again, byte for byte,
    /// and is known by the later one, is none.
    public var loneOnly = false
    /// The order.
    public var order = Order.attention
    /// Share of undecided screenings that are to be drawn blind, 0...1. They stand among the others as if nothing were known of them:
    /// whatever drew attention to them, in one place of the order, and never where the list was narrowed by what the models found.
    public var blindShare = 0.0

    /// Everything that draws attention, what most needs a person first.
    public init() {}
}

/// An earlier screening of an eye.
public struct EarlierScreening: Sendable, Hashable {
    /// Its newest version.
    public var row: ExportRow
    /// When the photograph was taken, a day or a moment; when it came, where that is not known.
    public var examined: String
    /// The model that outlined the disc.
    public var disc: String?
    /// The model that outlined the cup.
    public var cup: String?

    /// As a database has it.
    package init(
        row: ExportRow, examined: String, disc: String? = nil, cup: String? = nil
    ) {
        self.row = row
        self.examined = examined
        self.disc = disc
        self.cup = cup
    }
}
